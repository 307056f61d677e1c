"""Errors in the form that the caller reads, each with what, why and the next step."""

from collections.abc import Callable

import pytest
import sqlalchemy.exc
from flask import Flask
from sqlalchemy import select
from werkzeug.exceptions import BadRequestKeyError, ImATeapot, UnsupportedMediaType

from hub.accounts.models import Principal, User
from hub.app import Hub, create_app
from hub.config import Config
from hub.errors import HubError, TooMany, Unavailable, text
from hub.web import request as web
from hub.web.scopes import public_page
from tests.factories import make_user
from tests.visitor import Visitor, words_of

pytestmark = pytest.mark.reads


class Teapot(HubError):
    """An error for these tests."""

    status = 418
    code = "teapot"


def boom() -> str:
    raise ZeroDivisionError("the secret inside")


def short_and_stout() -> str:
    raise Teapot(text("It is a teapot."), text("Short and stout."), text("Pour it out."))


def locked() -> str:
    raise sqlalchemy.exc.OperationalError("SELECT secret", {}, Exception("database is locked"))


def later() -> str:
    raise TooMany(text("Too many."), retry_after_seconds=7)


def closed() -> str:
    raise Unavailable(text("Closed for now."))


def twice() -> str:
    """Makes a person whose name is taken, which only the commit notices."""
    anna = web.session().scalars(select(User)).one()
    key = {"name_key": anna.name_key, "email_key": anna.email_key}
    web.session().add(User(name="x", email="x", created_at=anna.created_at, **key))
    return "done"


def strange() -> str:
    raise ImATeapot


def unread() -> str:
    raise UnsupportedMediaType


def partial() -> str:
    raise BadRequestKeyError("secret")


VIEWS: list[Callable[[], str]] = [
    boom,
    short_and_stout,
    locked,
    later,
    closed,
    twice,
    strange,
    unread,
    partial,
]


@pytest.fixture
def app(hub: Hub) -> Flask:
    """The pages, and some that fail."""
    made = create_app(hub)
    for view in VIEWS:
        made.add_url_rule(f"/-/{view.__name__}", view.__name__, public_page()(view), methods=["GET", "POST"])
    return made


def test_error_is_a_page_with_what_why_and_the_next_step(app: Flask) -> None:
    answer = Visitor(app).get("/-/short_and_stout", Accept="text/html,*/*;q=0.8")
    assert answer.status_code == 418
    assert answer.content_type == "text/html; charset=utf-8"
    words = words_of(answer.text)
    assert all(part in words for part in ("It is a teapot", "Short and stout.", "Pour it out."))
    assert f"Error 418, request {answer.headers['X-Request-Id']}" in words


@pytest.mark.parametrize(
    "accept", ["application/json", "application/problem+json", "application/json, text/html;q=0.5"]
)
def test_error_is_a_problem_for_who_reads_json(app: Flask, accept: str) -> None:
    answer = Visitor(app).get("/-/short_and_stout", Accept=accept)
    assert answer.content_type == "application/problem+json"
    assert answer.json == {
        "type": "about:blank",
        "title": "It is a teapot.",
        "status": 418,
        "code": "teapot",
        "detail": "Short and stout.",
        "next_step": "Pour it out.",
        "request_id": answer.headers["X-Request-Id"],
    }


def test_address_of_the_api_always_answers_with_problems(app: Flask) -> None:
    answer = Visitor(app).get("/api/nothing", Accept="text/html")
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


def test_error_is_text_for_who_reads_text(app: Flask) -> None:
    answer = Visitor(app).get("/-/short_and_stout", Accept="text/plain")
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.text == (
        f"It is a teapot.\nShort and stout.\nPour it out.\nRequest {answer.headers['X-Request-Id']}\n"
    )


@pytest.mark.parametrize("accept", ["", "*/*", "image/png", "text/html"])
def test_error_is_a_page_for_everybody_else(app: Flask, accept: str) -> None:
    assert Visitor(app).get("/-/short_and_stout", Accept=accept).content_type == "text/html; charset=utf-8"


@pytest.mark.parametrize("accept", ["text/html", "application/json", "text/plain"])
def test_defect_of_the_hub_tells_nothing_but_the_number(app: Flask, accept: str) -> None:
    answer = Visitor(app).get("/-/boom", Accept=accept)
    assert answer.status_code == 500
    assert "The hub made a mistake" in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert "secret" not in answer.text
    assert "ZeroDivisionError" not in answer.text


@pytest.mark.parametrize(
    ("path", "status", "header", "value"),
    [
        ("/-/later", 429, "Retry-After", "7"),
        ("/-/closed", 503, "Retry-After", "5"),
        ("/-/locked", 503, "Retry-After", "5"),
    ],
)
def test_error_says_when_to_try_again(app: Flask, path: str, status: int, header: str, value: str) -> None:
    answer = Visitor(app).get(path)
    assert (answer.status_code, answer.headers[header]) == (status, value)
    assert "SELECT" not in answer.text


def test_error_of_the_commit_itself_is_answered_like_any_other(app: Flask, hub: Hub) -> None:
    with hub.database.writing() as session:
        make_user(session, "anna")
    visitor = Visitor(app)
    visitor.get("/login")
    with visitor.client.session_transaction() as cookie:
        token = cookie["csrf"]
    answer = visitor.post("/-/twice", {"csrf_token": token})
    assert answer.status_code == 409
    assert "Somebody else changed the same thing at this moment" in words_of(answer.text)
    assert answer.headers["Content-Security-Policy"]
    with hub.database.reading() as session:
        assert session.scalars(select(Principal.name_key)).all() == ["anna"]


@pytest.mark.parametrize("path", ["/no/such/page/at/all", "/settings/none/", "/help/none", "/-/none"])
def test_missing_page_says_so(app: Flask, path: str) -> None:
    answer = Visitor(app).get(path)
    assert answer.status_code == 404
    assert "request " in words_of(answer.text)


def test_wrong_method_names_the_right_ones(app: Flask) -> None:
    answer = Visitor(app).client.put("/new")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


@pytest.mark.parametrize(
    ("path", "status", "what"),
    [
        ("/-/strange", 418, "The request was refused"),
        ("/-/unread", 415, "This address does not read a body of this kind"),
        ("/-/partial", 400, "The request is not complete"),
    ],
)
def test_errors_of_the_library_are_told_in_our_words(app: Flask, path: str, status: int, what: str) -> None:
    answer = Visitor(app).get(path)
    assert answer.status_code == status
    assert what in words_of(answer.text)
    assert "secret" not in answer.text


@pytest.mark.parametrize("name", ["an\0na", "an\udcffna"])
def test_field_that_is_no_text_is_refused(app: Flask, name: str) -> None:
    answer = Visitor(app).submit("/login", name=name.encode("utf-8", "surrogateescape"), password="x")
    assert answer.status_code in (400, 401)
    assert answer.status_code == (400 if "\0" in name else 401)


def test_large_body_is_refused_unread(app: Flask, config: Config) -> None:
    answer = Visitor(app).client.post("/login", environ_overrides={"CONTENT_LENGTH": str(1 << 30)})
    assert answer.status_code == 413
    assert "The request is larger than 2097152 bytes" in words_of(answer.text)


def test_form_of_too_many_fields_is_refused(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.get("/login")
    answer = visitor.client.post(
        "/login", data={f"field-{number}": "x" for number in range(201)}, content_type="multipart/form-data"
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/anna%00", "/anna/de%00mo", "/?page=%00", "/login?next=%00"])
def test_character_that_no_name_has_finds_nothing(app: Flask, path: str) -> None:
    assert Visitor(app).get(path).status_code == 404


@pytest.mark.parametrize("page", ["0", "-1", "x", "1.5", "", "99999", "1e3", "٣", "' OR 1=1 --"])
def test_page_number_that_is_none_is_refused(app: Flask, page: str) -> None:
    answer = Visitor(app).client.get("/explore", query_string={"page": page})
    assert answer.status_code == 400
    assert "Pages are numbered from 1." in words_of(answer.text)
