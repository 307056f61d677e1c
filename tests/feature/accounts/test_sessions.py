"""The browsers in which a person is signed in: listed, marked, signed out."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from hub.accounts.models import AuditEntry, Challenge, SignIn
from hub.accounts.sign_in import sessions
from hub.app import Hub
from hub.clock import now
from tests.factories import make_second_step, make_token, make_user
from tests.visitor import Visitor, words_of

PAGE = "/settings/sessions"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36"


@pytest.fixture(autouse=True)
def people(hub: Hub) -> None:
    with hub.database.writing() as session:
        for name in ("anna", "bo"):
            make_user(session, name)


def browser(app: Flask, name: str, program: str, address: str) -> Visitor:
    visitor = Visitor(app, address=address, User_Agent=program)
    visitor.sign_in(name)
    return visitor


def id_of(hub: Hub, program: str) -> int:
    with hub.database.reading() as session:
        return session.scalars(select(SignIn.id).where(SignIn.browser == program)).one()


def test_page_lists_the_browsers_of_its_person_this_one_first(app: Flask) -> None:
    browser(app, "anna", FIREFOX, "192.0.2.1")
    browser(app, "bo", "curl/8.9", "192.0.2.3")
    here = browser(app, "anna", CHROME, "192.0.2.2")
    page = words_of(here.get(PAGE).text)
    this, other = page.index("Chrome on Windows This browser"), page.index("Firefox on Linux")
    assert this < page.index("From 192.0.2.2") < other < page.index("From 192.0.2.1")
    assert "curl" not in page
    assert "192.0.2.3" not in page


def test_one_browser_is_signed_out_and_only_by_its_person(app: Flask, hub: Hub) -> None:
    there, here = browser(app, "anna", FIREFOX, "192.0.2.1"), browser(app, "anna", CHROME, "192.0.2.2")
    bo = browser(app, "bo", "curl/8.9", "192.0.2.3")
    number = id_of(hub, FIREFOX)
    bo.get("/settings/password")
    with bo.client.session_transaction() as cookie:
        token = cookie["csrf"]
    assert bo.post(f"{PAGE}/{number}/end", {"csrf_token": token}).status_code == 404
    assert there.get(PAGE).status_code == 200
    assert here.submit(PAGE, action=f"{PAGE}/{number}/end").headers["Location"] == PAGE
    assert there.get(PAGE).status_code == 302
    assert here.get(PAGE).status_code == 200
    with hub.database.reading() as session:
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "sign_in.ended")).one()
        assert noted.details == {"browser": "Firefox on Linux"}


def test_every_other_browser_is_signed_out(app: Flask) -> None:
    others = [browser(app, "anna", FIREFOX, "192.0.2.1") for _ in range(2)]
    here, bo = browser(app, "anna", CHROME, "192.0.2.2"), browser(app, "bo", CHROME, "192.0.2.2")
    assert here.submit(PAGE, action=f"{PAGE}/end-others").headers["Location"] == PAGE
    assert [one.get(PAGE).status_code for one in (here, bo, *others)] == [200, 200, 302, 302]
    assert "end-others" not in here.get(PAGE).text


def test_sign_ins_that_ended_are_not_listed(app: Flask, hub: Hub) -> None:
    browser(app, "anna", FIREFOX, "192.0.2.1")
    with hub.database.writing() as session:
        session.execute(update(SignIn).values(seen_at=now() - timedelta(hours=9)))
    assert "Firefox" not in browser(app, "anna", CHROME, "192.0.2.2").get(PAGE).text


def test_what_a_browser_calls_itself_is_shown_as_words_only(app: Flask) -> None:
    page = browser(app, "anna", "<script>alert(1)</script>", "192.0.2.1").get(PAGE).text
    assert "An unknown browser" in page
    assert "alert(1)" not in page


def test_token_is_in_no_browser(app: Flask, hub: Hub) -> None:
    with hub.database.writing() as session:
        secret = make_token(session, make_user(session, "cleo"))
    browser(app, "cleo", FIREFOX, "192.0.2.1")
    page = words_of(Visitor(app).get(PAGE, Authorization=f"token {secret}").text)
    assert "Firefox on Linux" in page
    assert "This browser" not in page


def test_ending_everything_ends_what_is_half_done_too(app: Flask, hub: Hub) -> None:
    with hub.database.writing() as session:
        cleo = make_user(session, "cleo")
        make_second_step(session, cleo)
        cleo_id = cleo.id
    half = Visitor(app)
    half.sign_in("cleo")
    assert half.get("/login/second-step").status_code == 200
    with hub.database.writing() as session:
        sessions.end_all(session, cleo_id)
        assert session.scalars(select(Challenge)).all() == []
    assert half.get("/login/second-step").status_code == 302
