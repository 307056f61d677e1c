"""Signing in and out with a password, and what ends a sign-in."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from hub.accounts import jobs
from hub.accounts.models import SignIn, User
from hub.app import Hub
from hub.clock import now
from tests.factories import PASSWORD, make_user
from tests.visitor import Visitor, words_of

WRONG = "The name or the password is not right."


@pytest.fixture(autouse=True)
def anna(hub: Hub) -> None:
    with hub.database.writing() as session:
        make_user(session, "anna")


def is_signed_in(visitor: Visitor) -> bool:
    return visitor.get("/settings/keys").status_code == 200


@pytest.mark.parametrize("name", ["anna", "ANNA"])
def test_person_signs_in_and_out(app: Flask, name: str) -> None:
    visitor = Visitor(app)
    assert visitor.sign_in(name).headers["Location"] == "/"
    assert is_signed_in(visitor)
    assert visitor.submit("/", action="/logout").headers["Location"] == "/"
    assert "You are signed out." in visitor.get("/").text
    assert not is_signed_in(visitor)


@pytest.mark.parametrize(
    ("name", "password"), [("anna", "wrong"), ("nobody-here", PASSWORD), ("", ""), ("anna", "")]
)
def test_wrong_name_and_wrong_password_read_the_same(app: Flask, name: str, password: str) -> None:
    answer = Visitor(app).sign_in(name, password)
    assert answer.status_code == 401
    assert WRONG in answer.text
    assert password == "" or password not in answer.text


def test_name_is_kept_in_the_form_after_a_failure(app: Flask) -> None:
    answer = Visitor(app).sign_in("anna", "wrong", next="/new")
    assert 'name="name" type="text" value="anna"' in answer.text
    assert 'name="next" value="/new"' in answer.text


def test_page_for_people_sends_a_stranger_to_the_form_and_back(app: Flask) -> None:
    visitor = Visitor(app)
    answer = visitor.get("/settings/keys?x=1")
    assert answer.headers["Location"] == "/login?next=/settings/keys?x%3D1"
    asked = visitor.submit(answer.headers["Location"], action="/login", name="anna", password=PASSWORD)
    assert asked.headers["Location"] == "/settings/keys?x=1"


def test_secret_changes_when_a_person_signs_in(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.get("/login")
    before = visitor.client.get_cookie("hub")
    visitor.sign_in("anna")
    first = visitor.client.get_cookie("hub")
    visitor.submit("/", action="/logout")
    visitor.sign_in("anna")
    second = visitor.client.get_cookie("hub")
    assert None not in (before, first, second)
    assert len({one.value for one in (before, first, second) if one}) == 3


def test_cookie_of_before_signing_out_is_worth_nothing_after(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.sign_in("anna")
    stolen = visitor.client.get_cookie("hub")
    assert stolen is not None
    visitor.submit("/", action="/logout")
    thief = Visitor(app)
    thief.client.set_cookie("hub", stolen.value)
    assert not is_signed_in(thief)


def test_database_holds_no_secret_that_would_sign_in(app: Flask, hub: Hub) -> None:
    visitor = Visitor(app)
    visitor.sign_in("anna")
    with hub.database.reading() as session:
        row = session.scalars(select(SignIn)).one()
    with visitor.client.session_transaction() as cookie:
        cookie["sign_in"] = row.secret_hash.hex()
    assert not is_signed_in(visitor)


def test_cookie_of_one_person_does_not_serve_for_another(app: Flask, hub: Hub) -> None:
    with hub.database.writing() as session:
        bo = make_user(session, "bo").get_id()
    visitor = Visitor(app)
    visitor.sign_in("anna")
    with visitor.client.session_transaction() as cookie:
        cookie["_user_id"] = bo
    assert not is_signed_in(visitor)


@pytest.mark.parametrize(
    ("column", "age", "is_still_in"),
    [
        ("seen_at", timedelta(hours=7), True),
        ("seen_at", timedelta(hours=9), False),
        ("created_at", timedelta(days=6), True),
        ("created_at", timedelta(days=8), False),
    ],
)
def test_sign_in_ends_unused_or_old(
    app: Flask, hub: Hub, column: str, age: timedelta, is_still_in: bool
) -> None:
    visitor = Visitor(app)
    visitor.sign_in("anna")
    with hub.database.writing() as session:
        session.execute(update(SignIn).values({column: now() - age}))
    assert is_signed_in(visitor) is is_still_in
    jobs.prune.function(hub.database)
    jobs.prune.function(hub.database)
    with hub.database.reading() as session:
        assert len(session.scalars(select(SignIn)).all()) == is_still_in


def test_suspended_person_is_out_at_once_and_cannot_sign_in(app: Flask, hub: Hub) -> None:
    visitor = Visitor(app)
    visitor.sign_in("anna")
    with hub.database.writing() as session:
        session.execute(update(User).values(is_suspended=True))
    assert not is_signed_in(visitor)
    refused = Visitor(app).sign_in("anna")
    assert refused.status_code == 401
    assert "This account is suspended." in refused.text
    assert WRONG in Visitor(app).sign_in("anna", "wrong").text


def test_new_password_ends_every_other_sign_in(app: Flask) -> None:
    here, elsewhere = Visitor(app), Visitor(app)
    here.sign_in("anna")
    elsewhere.sign_in("anna")
    answer = here.submit("/settings/password", current=PASSWORD, new="another long one")
    assert answer.headers["Location"] == "/settings/password"
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)
    assert WRONG in Visitor(app).sign_in("anna").text
    assert Visitor(app).sign_in("anna", "another long one").status_code == 302


@pytest.mark.parametrize(
    ("current", "new", "fault"),
    [
        ("wrong", "another long one", "This is not your current password."),
        (PASSWORD, "short", "A password has at least 8 characters."),
        (PASSWORD, "x" * 1025, "A password has at most 1024 characters."),
        (PASSWORD, "anna@example.org", "This password is the first that anybody would try."),
    ],
)
def test_password_stays_where_it_cannot_be_changed(app: Flask, current: str, new: str, fault: str) -> None:
    visitor = Visitor(app)
    visitor.sign_in("anna")
    answer = visitor.submit("/settings/password", current=current, new=new)
    assert answer.status_code == 422
    assert fault in words_of(answer.text)
    assert new not in answer.text
    assert Visitor(app).sign_in("anna").status_code == 302


def test_use_of_a_sign_in_is_noted_by_the_worker_only(app: Flask, hub: Hub) -> None:
    visitor = Visitor(app)
    visitor.sign_in("anna")
    long_ago = now() - timedelta(hours=5)
    with hub.database.writing() as session:
        session.execute(update(SignIn).values(seen_at=long_ago))
    assert is_signed_in(visitor)
    with hub.database.reading() as session:
        row = session.scalars(select(SignIn)).one()
    assert row.seen_at == long_ago
    assert hub.queue.huey.pending_count() == 1
    jobs.note_sign_in_use.function(hub.database, row.id)
    jobs.note_sign_in_use.function(hub.database, row.id)
    with hub.database.reading() as session:
        assert session.scalars(select(SignIn)).one().seen_at > long_ago
