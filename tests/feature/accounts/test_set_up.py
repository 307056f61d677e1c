"""The link that makes the first administrator."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from hub.accounts.actions import make_setup_code
from hub.accounts.models import SetupCode, User
from hub.app import Hub
from hub.clock import now
from tests.visitor import Visitor, words_of

ANNA = {"name": "anna", "email": "anna@example.org", "password": "a long and dull one"}


@pytest.fixture
def link(hub: Hub) -> str:
    with hub.database.writing() as session:
        return f"/-/setup/{make_setup_code(session)}"


def test_link_makes_an_administrator_who_is_signed_in(app: Flask, hub: Hub, link: str) -> None:
    visitor = Visitor(app)
    assert visitor.get(link).headers["Cache-Control"] == "no-store"
    assert visitor.submit(link, **ANNA).headers["Location"] == "/"
    assert "You administer this hub now." in visitor.get("/").text
    with hub.database.reading() as session:
        assert session.scalars(select(User)).one().is_admin
    assert Visitor(app).sign_in("anna", "a long and dull one").status_code == 302


def test_link_works_once(app: Flask, link: str) -> None:
    Visitor(app).submit(link, **ANNA)
    answer = Visitor(app).get(link)
    assert answer.status_code == 404
    assert "It works once, within a day, and only the newest one." in words_of(answer.text)


def test_refusal_keeps_the_link_and_what_was_typed(app: Flask, link: str) -> None:
    answer = Visitor(app).submit(link, **{**ANNA, "name": "admin"})
    assert answer.status_code == 422
    assert "“admin” is kept for an address of the hub." in words_of(answer.text)
    assert "anna@example.org" in answer.text
    assert ANNA["password"] not in answer.text
    assert Visitor(app).submit(link, **ANNA).status_code == 302


@pytest.mark.parametrize("code", ["wrong", "x" * 5000, "%00", "é"])
def test_other_code_is_not_there(app: Flask, hub: Hub, link: str, code: str) -> None:
    assert Visitor(app).get(f"/-/setup/{code}").status_code == 404


def test_link_works_for_a_day_and_the_newest_only(app: Flask, hub: Hub, link: str) -> None:
    with hub.database.writing() as session:
        newer = f"/-/setup/{make_setup_code(session)}"
    assert Visitor(app).get(link).status_code == 404
    assert Visitor(app).get(newer).status_code == 200
    with hub.database.writing() as session:
        session.execute(update(SetupCode).values(created_at=now() - timedelta(days=1)))
    assert Visitor(app).get(newer).status_code == 404


@pytest.mark.parametrize("extra", [{"is_admin": "1"}, {"user_id": "1"}, {"kind": "organisation"}])
def test_fields_that_the_form_does_not_have_are_not_read(
    app: Flask, hub: Hub, link: str, extra: dict[str, str]
) -> None:
    assert Visitor(app).submit(link, **ANNA, **extra).status_code == 302


def test_field_sent_twice_is_refused(app: Flask, link: str) -> None:
    answer = Visitor(app).submit(link, **{**ANNA, "email": ["anna@example.org", "eve@example.org"]})
    assert answer.status_code == 400
    assert "The field email was sent more than once" in answer.text
