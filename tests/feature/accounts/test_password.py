"""Changing one's password, while somebody else decides about the account."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from hub.accounts import credentials, people_actions, queries
from hub.accounts.sign_in import sessions
from hub.app import Hub
from tests.factories import PASSWORD, SYSTEM, make_user
from tests.visitor import Visitor, words_of

PAGE = "/settings/password"


@pytest.fixture
def eve(app: Flask, hub: Hub) -> Visitor:
    """Somebody who holds Anna's password, and a browser that is signed in with it."""
    with hub.database.writing() as session:
        make_user(session, "anna")
    visitor = Visitor(app)
    visitor.sign_in("anna")
    return visitor


def while_it_is_hashed(hub: Hub, monkeypatch: pytest.MonkeyPatch, act: Callable[[Session], None]) -> None:
    """Has that happen after the current password was found to be right."""
    real = credentials.hash_password

    def hash_password(password: str) -> str:
        with hub.database.writing() as session:
            act(session)
        return real(password)

    monkeypatch.setattr(credentials, "hash_password", hash_password)


def test_password_that_an_administrator_gave_is_not_overwritten(
    app: Flask, hub: Hub, eve: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attack: whoever stole a password sets it anew all the time, and hashing it takes a while each time.
    When an administrator gives the account another one, the change that is under way brings back what the
    thief knows, and signs them in."""
    given = credentials.hash_password("what anna was handed")

    def give(session: Session) -> None:
        anna = queries.get_user(session, "anna")
        people_actions.give_password(session, SYSTEM, anna, password_hash=given)

    while_it_is_hashed(hub, monkeypatch, give)
    answer = eve.submit(PAGE, current=PASSWORD, new="as it was, and eve's")
    assert answer.status_code == 422
    assert "This is not your current password." in words_of(answer.text)
    assert eve.get(PAGE).status_code == 302
    assert Visitor(app).sign_in("anna", "as it was, and eve's").status_code == 401
    assert Visitor(app).sign_in("anna", "what anna was handed").status_code == 302


def test_browser_that_was_signed_out_meanwhile_changes_nothing(
    app: Flask, hub: Hub, eve: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attack: the same, while Anna signs every other browser out. The change that is under way would make
    a new sign-in, for which nobody asks the second step, and lock her out."""

    def sign_out(session: Session) -> None:
        sessions.end_all(session, queries.get_user(session, "anna").id)

    while_it_is_hashed(hub, monkeypatch, sign_out)
    answer = eve.submit(PAGE, current=PASSWORD, new="as it was, and eve's")
    assert answer.status_code == 401
    assert eve.get(PAGE).status_code == 302
    assert Visitor(app).sign_in("anna", PASSWORD).status_code == 302
