"""Newcomers make an account: open, by approval, or not at all."""

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from hub.accounts.models import Attempt, AuditEntry, FormerName, User
from hub.accounts.names import find_fault
from hub.accounts.queries import get_user
from hub.accounts.sign_in.sessions import Origin
from hub.accounts.signing_up import sign_up
from hub.app import Hub, create_app
from hub.clock import now
from hub.errors import Invalid
from tests.factories import PASSWORD, make_user
from tests.visitor import Visitor, words_of

EVE = {"name": "eve", "email": "eve@example.org", "password": PASSWORD}


def app_with(hub: Hub, sign_up: str) -> Flask:
    config = dataclasses.replace(hub.config, sign_up=sign_up)  # type: ignore[arg-type]  # one of the three
    hub.database.config = config
    return create_app(dataclasses.replace(hub, config=config))


def actions_noted(hub: Hub) -> list[str]:
    with hub.database.reading() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_newcomer_is_in_at_once_where_sign_up_is_open(hub: Hub) -> None:
    visitor = Visitor(app_with(hub, "open"))
    answer = visitor.submit("/sign-up", **EVE)
    assert answer.headers["Location"] == "/"
    assert "Your account is made, and you are signed in." in visitor.get("/").text
    assert visitor.get("/eve").status_code == 200
    assert actions_noted(hub) == ["account.signed_up"]


def test_newcomer_waits_for_approval_and_reads_so(app: Flask, hub: Hub) -> None:
    visitor = Visitor(app)
    answer = visitor.submit("/sign-up", **EVE)
    assert answer.headers["Location"] == "/login"
    assert "It waits for approval." in words_of(visitor.get("/login").text)
    refused = visitor.sign_in("eve")
    assert refused.status_code == 401
    assert "Your account waits for approval." in words_of(refused.text)
    assert "The name or the password is not right." in visitor.sign_in("eve", "wrong").text
    assert Visitor(app).get("/eve").status_code == 404
    with hub.database.writing() as session:
        get_user(session, "eve").is_pending = False
    assert visitor.sign_in("eve").status_code == 302


def test_nobody_signs_up_where_it_is_closed(hub: Hub) -> None:
    visitor = Visitor(app_with(hub, "closed"))
    assert "/sign-up" not in visitor.get("/login").text
    assert visitor.get("/sign-up").status_code == 404
    with visitor.client.session_transaction() as cookie:
        token = cookie["csrf"]
    answer = visitor.post("/sign-up", {**EVE, "csrf_token": token})
    assert answer.status_code == 404
    assert "On this hub administrators make the accounts." in answer.text


def test_way_in_stands_in_the_header_and_beside_the_form_to_sign_in(app: Flask) -> None:
    page = Visitor(app).get("/login").text
    assert page.count('href="/sign-up"') == 2
    box = words_of(Visitor(app).get("/sign-up").text)
    assert "What a new account can do" in box
    assert "One push takes at most 2 GiB, one file in it 100 MiB." in box


def test_whoever_is_signed_in_needs_no_account(app: Flask, hub: Hub) -> None:
    with hub.database.writing() as session:
        make_user(session, "anna")
    visitor = Visitor(app)
    visitor.sign_in("anna")
    assert visitor.get("/sign-up").headers["Location"] == "/"


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"name": ""}, "Enter a name."),
        ({"name": "ANNA"}, "This name is taken. Choose another one."),
        ({"name": "arina"}, None),
        ({"name": "annaI"}, None),
        ({"name": "b0"}, "This looks like “bo”, who is here already"),
        ({"name": "an-na"}, "This looks like “anna”, who is here already"),
        ({"name": "settings"}, "“settings” is kept for an address of the hub."),
        ({"name": "deleted-7"}, "“deleted-7” would stand for a deleted account."),
        ({"name": "аnna"}, "A name has letters from A to Z, digits"),
        ({"name": "an\u202ena"}, "The name holds an invisible character."),
        ({"name": "held"}, "It is kept for them until"),
        ({"name": "he1d"}, "This looks like “held”, who is here already"),
        ({"email": "Anna@Example.org"}, "There is an account with this address."),
        ({"email": "nonsense"}, "Enter an address such as anna@example.org."),
        ({"password": "short"}, "A password has at least 8 characters."),
        ({"password": "eve@example.org"}, "This password is the first that anybody would try."),
    ],
)
def test_form_says_what_cannot_be(app: Flask, hub: Hub, values: dict[str, str], fault: str | None) -> None:
    with hub.database.writing() as session:
        anna = make_user(session, "anna")
        make_user(session, "bo")
        session.add(FormerName(name_key="held", principal_id=anna.id, left_at=now()))
    answer = Visitor(app).submit("/sign-up", **{**EVE, **values})
    if fault is None:
        assert answer.status_code == 302
        return
    assert answer.status_code == 422
    assert answer.headers["Cache-Control"] == "no-store"
    assert fault in words_of(answer.text)
    assert 'value="short"' not in answer.text


def test_name_is_free_again_ninety_days_after_it_was_left(app: Flask, hub: Hub) -> None:
    with hub.database.writing() as session:
        anna = make_user(session, "anna")
        session.add(FormerName(name_key="eve", principal_id=anna.id, left_at=now() - timedelta(days=89)))
    assert Visitor(app).submit("/sign-up", **EVE).status_code == 422
    assert Visitor(app).get("/eve").headers["Location"] == "/anna"
    with hub.database.writing() as session:
        session.execute(update(FormerName).values(left_at=now() - timedelta(days=90)))
    assert Visitor(app).submit("/sign-up", **EVE).status_code == 302
    with hub.database.reading() as session:
        assert session.scalars(select(FormerName)).all() == []
        assert get_user(session, "eve").is_pending


def test_network_makes_so_many_accounts_and_no_more(app: Flask, hub: Hub) -> None:
    with hub.database.writing() as session:
        session.add_all(Attempt(subject="sign-up network:192.0.2.0/24", at=now()) for _ in range(19))
    assert Visitor(app).submit("/sign-up", **{**EVE, "name": "a b"}).status_code == 422
    answer = Visitor(app).submit("/sign-up", **EVE)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "900"
    assert "Too many accounts were asked for from this network." in words_of(answer.text)
    assert Visitor(app, address="203.0.113.9").submit("/sign-up", **EVE).status_code == 302


def test_account_made_is_an_ordinary_one(app: Flask, hub: Hub) -> None:
    Visitor(app).submit("/sign-up", **EVE, is_admin="1", is_pending="")
    with hub.database.reading() as session:
        user = session.scalars(select(User)).one()
    assert (user.is_admin, user.is_demo, user.is_pending) == (False, False, True)


def test_no_first_part_of_an_address_is_anybodys_name(app: Flask) -> None:
    first_parts = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()} - {"", "<owner>"}
    assert {"admin", "sign-up", "settings", "explore"} <= first_parts
    assert [part for part in first_parts if find_fault(part) is None] == []


def test_of_two_who_want_a_name_at_the_same_moment_one_gets_it(app: Flask, hub: Hub) -> None:
    both_are_ready = threading.Barrier(2)

    def ask(number: int) -> str:
        origin = Origin(f"203.0.{number}.9", "")
        both_are_ready.wait()
        try:
            sign_up(hub.database, name="eve", email=f"{number}@e.example", password=PASSWORD, origin=origin)
        except Invalid as refused:
            return str(refused.fields["name"])
        return ""

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(ask, (1, 2))) == ["", "This name is taken. Choose another one."]
