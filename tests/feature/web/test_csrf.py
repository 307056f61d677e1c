"""Which requests that change something are taken: those that our own pages made."""

import pytest
from flask import Flask
from sqlalchemy import select

from hub.app import Hub
from hub.repos.models import Repository
from tests.factories import make_user
from tests.visitor import Visitor, words_of

pytestmark = pytest.mark.reads

OWN = "http://localhost"
FOREIGN = "https://evil.example"


@pytest.fixture
def anna(app: Flask, hub: Hub) -> Visitor:
    with hub.database.writing() as session:
        make_user(session, "anna")
    visitor = Visitor(app)
    visitor.sign_in("anna")
    visitor.get("/")
    return visitor


def token_of(visitor: Visitor) -> str:
    with visitor.client.session_transaction() as cookie:
        return str(cookie["csrf"])


def made(hub: Hub) -> int:
    with hub.database.reading() as session:
        return len(session.scalars(select(Repository)).all())


@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        ({}, True),
        ({"Sec_Fetch_Site": "same-origin"}, True),
        ({"Sec_Fetch_Site": "none"}, True),
        ({"Sec_Fetch_Site": "same-site"}, False),
        ({"Sec_Fetch_Site": "cross-site"}, False),
        ({"Sec_Fetch_Site": ""}, False),
        ({"Origin": OWN}, True),
        ({"Origin": FOREIGN}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://localhost.evil.example"}, False),
        ({"Origin": OWN, "Sec_Fetch_Site": "cross-site"}, False),
        ({"Origin": FOREIGN, "Sec_Fetch_Site": "same-origin"}, True),
    ],
)
def test_request_is_taken_by_where_it_comes_from(
    anna: Visitor, hub: Hub, headers: dict[str, str], is_taken: bool
) -> None:
    answer = anna.post(
        "/new", {"csrf_token": token_of(anna), "name": "demo", "visibility": "public"}, **headers
    )
    assert answer.status_code == (302 if is_taken else 403)
    assert made(hub) == is_taken


@pytest.mark.parametrize("token", ["", "wrong", "é", "A" * 32])
def test_request_without_the_token_changes_nothing_and_says_what_to_do(
    anna: Visitor, hub: Hub, token: str
) -> None:
    answer = anna.post("/new", {"csrf_token": token, "name": "demo", "visibility": "public"})
    assert answer.status_code == 403
    assert "Go back, load the page again, and send it once more." in words_of(answer.text)
    assert made(hub) == 0
    assert anna.get("/settings/keys").status_code == 200


def test_token_of_another_browser_is_not_taken(anna: Visitor, app: Flask, hub: Hub) -> None:
    other = Visitor(app)
    other.get("/login")
    assert anna.post("/new", {"csrf_token": token_of(other), "name": "demo"}).status_code == 403


def test_token_of_before_signing_in_is_not_taken_after(app: Flask, anna: Visitor) -> None:
    visitor = Visitor(app)
    visitor.get("/login")
    before = token_of(visitor)
    visitor.sign_in("anna")
    assert visitor.post("/new", {"csrf_token": before, "name": "demo"}).status_code == 403


def test_script_sends_the_token_in_a_header(anna: Visitor, hub: Hub) -> None:
    answer = anna.post("/new", {"name": "demo", "visibility": "public"}, X_CSRF_Token=token_of(anna))
    assert answer.status_code == 302


def test_form_to_sign_in_is_guarded_too(app: Flask, anna: Visitor) -> None:
    stranger = Visitor(app)
    assert stranger.post("/login", {"name": "anna", "password": "x"}).status_code == 403
    assert stranger.post("/logout").status_code == 403


def test_reading_needs_no_token_and_sets_no_cookie(app: Flask) -> None:
    visitor = Visitor(app)
    answer = visitor.get("/", Sec_Fetch_Site="cross-site")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_mismatch_of_addresses_is_told_to_whoever_runs_the_hub(anna: Visitor) -> None:
    answer = anna.post("/new", {"csrf_token": token_of(anna)}, Origin="https://hub.example.org")
    assert "https://hub.example.org, and the hub calls itself http://localhost" in words_of(answer.text)
