"""The link that makes the first administrator."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from hub.accounts.actions import create_user, make_setup_code, use_setup_code
from hub.accounts.models import SetupCode, User
from hub.accounts.people_actions import set_admin
from hub.app import Hub
from hub.clock import now
from hub.errors import NotFound
from tests.factories import SYSTEM, make_user
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


def test_link_dies_when_somebody_administers_the_hub(app: Flask, hub: Hub, link: str) -> None:
    """The attack: the operator made an administrator on the command line, and somebody finds the link that
    was printed before in a terminal or a log."""
    with hub.database.writing() as session:
        create_user(session, SYSTEM, name="root", email="root@example.org", password=None, is_admin=True)
    assert Visitor(app).get(link).status_code == 404
    with pytest.raises(NotFound), hub.database.writing() as session:
        use_setup_code(session, link.rpartition("/")[2], **ANNA)
    with hub.database.reading() as session:
        assert session.scalars(select(User.name)).all() == ["root"]


def test_link_dies_when_somebody_is_made_an_administrator(app: Flask, hub: Hub, link: str) -> None:
    """The attack: the operator made an account on the command line and only then had it administer the hub;
    whoever finds the link of before makes a second administrator with it."""
    with hub.database.writing() as session:
        set_admin(session, SYSTEM, make_user(session, "root"), is_admin=True)
    assert Visitor(app).get(link).status_code == 404
    with pytest.raises(NotFound), hub.database.writing() as session:
        use_setup_code(session, link.rpartition("/")[2], **ANNA)


def test_of_two_who_use_the_link_at_once_one_gets_in(hub: Hub, link: str) -> None:
    """The attack: hold the code when its owner uses it, and use it in the same moment under another name."""
    code, barrier = link.rpartition("/")[2], threading.Barrier(2)

    def use(name: str) -> str:
        values = {**ANNA, "name": name, "email": f"{name}@example.org"}
        barrier.wait()
        try:
            with hub.database.writing() as session:
                return use_setup_code(session, code, **values).name
        except NotFound:
            return ""

    with ThreadPoolExecutor(2) as pool:
        made = [name for name in pool.map(use, ["anna", "eve"]) if name]
    with hub.database.reading() as session:
        assert session.scalars(select(User.name)).all() == made
    assert len(made) == 1
