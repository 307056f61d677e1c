"""Changing one's password, while somebody else decides about the account."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from hub.accounts import credentials, people_actions, queries
from hub.accounts.sign_in import passwords, sessions
from hub.accounts.sign_in.sessions import Origin
from hub.app import Hub
from hub.db import Database
from hub.errors import Invalid, Unauthenticated
from tests.factories import PASSWORD, SYSTEM, make_user
from tests.visitor import Visitor

THIEF = Origin("203.0.113.9", "curl/8")


class Slow(Database):
    """The hub's database for whoever hashes so long that something else happens before they write."""

    def __init__(self, hub: Hub, act: Callable[[Session], None]) -> None:
        super().__init__(hub.config)
        self._act = act

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with super().writing() as session:
            self._act(session)
        with super().writing() as session:
            yield session


def change(hub: Hub, act: Callable[[Session], None]) -> None:
    """Changes the password in a browser that is signed in with it, and has that happen meanwhile."""
    with hub.database.writing() as session:
        anna = make_user(session, "anna")
        viewer, browser = anna.viewer(), sessions.start(session, anna, THIEF)
    slow = Slow(hub, act)
    try:
        passwords.change_own(slow, viewer, browser=browser, current=PASSWORD, new="the thief's", origin=THIEF)
    finally:
        slow.dispose()


def test_password_that_an_administrator_gave_is_not_overwritten(app: Flask, hub: Hub) -> None:
    """The attack: whoever stole a password sets it anew all the time, and hashing it takes a while each time.
    When an administrator gives the account another one, the change that is under way brings back what the
    thief knows, and signs them in."""
    given = credentials.hash_password("what anna was handed")

    def give(session: Session) -> None:
        anna = queries.get_user(session, "anna")
        people_actions.give_password(session, SYSTEM, anna, password_hash=given)

    with pytest.raises(Invalid):
        change(hub, give)
    assert Visitor(app).sign_in("anna", "the thief's").status_code == 401
    assert Visitor(app).sign_in("anna", "what anna was handed").status_code == 302


def test_browser_that_was_signed_out_meanwhile_changes_nothing(app: Flask, hub: Hub) -> None:
    """The attack: the same, while Anna signs every other browser out. The change that is under way would make
    a new sign-in, for which nobody asks the second step, and lock her out."""
    with pytest.raises(Unauthenticated):
        change(hub, lambda session: sessions.end_all(session, queries.get_user(session, "anna").id))
    assert Visitor(app).sign_in("anna", "the thief's").status_code == 401
    assert Visitor(app).sign_in("anna", PASSWORD).status_code == 302
