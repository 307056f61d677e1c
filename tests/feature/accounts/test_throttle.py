"""How often a sign-in may fail."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from hub.accounts import jobs
from hub.accounts.models import Attempt, Challenge
from hub.accounts.sign_in.throttle import (
    ADDRESSES_PER_NETWORK,
    QUESTIONS_PER_NETWORK,
    account_subject,
    network_subject,
)
from hub.app import Hub
from hub.clock import now
from tests.factories import PASSWORD, make_user
from tests.visitor import Visitor, words_of

REFUSED = (
    "Too many sign-ins failed. After some failures an account, or a network, is refused for a while. "
    "Try again in 900 seconds."
)


@pytest.fixture(autouse=True)
def anna(hub: Hub) -> None:
    with hub.database.writing() as session:
        make_user(session, "anna")


def fail(hub: Hub, subject: str, times: int) -> None:
    with hub.database.writing() as session:
        session.add_all(Attempt(subject=subject, at=now()) for _ in range(times))


def test_failures_are_counted_although_their_requests_are_refused(app: Flask, hub: Hub) -> None:
    Visitor(app, address="203.0.113.9").sign_in("anna", "wrong")
    with hub.database.reading() as session:
        subjects = {one.subject for one in session.scalars(select(Attempt))}
    assert subjects == {account_subject("anna"), "network:203.0.113.0/24"}


@pytest.mark.parametrize("name", ["anna", "nobody-here"])
def test_tenth_failure_of_an_account_is_the_last(app: Flask, hub: Hub, name: str) -> None:
    fail(hub, account_subject(name), 9)
    assert Visitor(app).sign_in(name, "wrong").status_code == 401
    answer = Visitor(app, address="203.0.113.9").sign_in(name, PASSWORD)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "900"
    assert REFUSED in words_of(answer.text)


def test_network_is_refused_after_thirty_failures_and_others_are_not(app: Flask, hub: Hub) -> None:
    fail(hub, network_subject("203.0.113.9"), 30)
    assert REFUSED in words_of(Visitor(app, address="203.0.113.200").sign_in("anna").text)
    assert Visitor(app, address="203.0.114.9").sign_in("anna").status_code == 302


def test_success_clears_the_account_but_not_the_network(app: Flask, hub: Hub) -> None:
    fail(hub, account_subject("anna"), 9)
    fail(hub, network_subject("203.0.113.9"), 29)
    visitor = Visitor(app, address="203.0.113.9")
    assert visitor.sign_in("anna").status_code == 302
    assert Visitor(app, address="203.0.113.9").sign_in("anna", "wrong").status_code == 401
    assert Visitor(app, address="203.0.113.9").sign_in("anna").status_code == 429
    assert Visitor(app).sign_in("anna").status_code == 302


def test_failures_count_for_a_quarter_of_an_hour(app: Flask, hub: Hub) -> None:
    fail(hub, account_subject("anna"), 10)
    with hub.database.writing() as session:
        session.execute(update(Attempt).values(at=now() - timedelta(minutes=15)))
    assert Visitor(app).sign_in("anna").status_code == 302
    jobs.prune.function(hub.database)
    with hub.database.reading() as session:
        assert session.scalars(select(Attempt)).all() == []


def test_guessing_the_current_password_is_throttled_too(app: Flask, hub: Hub) -> None:
    visitor = Visitor(app)
    visitor.sign_in("anna")
    fail(hub, account_subject("anna"), 9)
    assert visitor.submit("/settings/password", current="wrong", new="x" * 20).status_code == 422
    answer = visitor.submit("/settings/password", current=PASSWORD, new="x" * 20)
    assert answer.status_code == 429
    assert REFUSED in words_of(answer.text)


def test_questions_to_passkeys_are_counted_for_the_network(app: Flask, hub: Hub) -> None:
    """The attack: a program keeps one cookie and its token, and asks for a question as often as it can. Each
    left a row for ten minutes, since the cookie never names the question before."""
    fail(hub, f"question {network_subject('203.0.113.9')}", QUESTIONS_PER_NETWORK - 1)

    def ask(address: str) -> int:
        visitor = Visitor(app, address=address)
        visitor.get("/login")
        with visitor.client.session_transaction() as cookie:
            token = str(cookie["csrf"])
        return visitor.post("/login/passkey/question", X_CSRF_Token=token).status_code

    asked = [ask(address) for address in ("203.0.113.9", "203.0.113.10", "203.0.114.9")]
    assert asked == [200, 429, 200]
    with hub.database.reading() as session:
        assert len(session.scalars(select(Challenge)).all()) == 2
        assert len(session.scalars(select(Attempt)).all()) == QUESTIONS_PER_NETWORK + 1


def test_tries_of_other_addresses_are_counted_for_the_network(app: Flask, hub: Hub) -> None:
    """The attack: with one account, ask the form that changes its address about a long list of addresses. For
    each it says whether somebody here has it, which newcomers may find out some times only."""
    with hub.database.writing() as session:
        make_user(session, "bo")
    fail(hub, f"e-mail {network_subject('192.0.2.1')}", ADDRESSES_PER_NETWORK - 1)
    visitor = Visitor(app)
    visitor.sign_in("anna")
    form = {"path": "/settings/account", "action": "/settings/account/email"}
    assert "There is an account with this address." in visitor.submit(**form, email="bo@example.org").text
    answer = visitor.submit(**form, email="bo@example.org")
    assert answer.status_code == 429
    assert "Too many e-mail addresses were tried from this network." in words_of(answer.text)
    assert "There is an account with this address." not in answer.text
