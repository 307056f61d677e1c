"""Answers that leave compressed: which, for whom, and what a cache and an eavesdropper make of them."""

import gzip
import re

import pytest
from flask import Flask, Response

from hub.app import Hub, create_app
from hub.web.scopes import public_page
from hub.web.security import SECRET
from tests.factories import make_user
from tests.visitor import Visitor, forms_of

pytestmark = pytest.mark.reads

LONG = "A line of text.\n" * 100


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app, Accept_Encoding="gzip, deflate, br")


@pytest.fixture
def anna(app: Flask, hub: Hub) -> Visitor:
    with hub.database.writing() as session:
        make_user(session, "anna")
    visitor = Visitor(app)
    visitor.sign_in("anna")
    visitor.get("/")
    return visitor


def answering(hub: Hub, response: Response) -> Visitor:
    app = create_app(hub)
    app.add_url_rule("/for-a-test", view_func=public_page()(lambda: response))
    return Visitor(app, Accept_Encoding="gzip")


def test_page_is_the_same_and_smaller(app: Flask, visitor: Visitor) -> None:
    plain, packed = Visitor(app).get("/login"), visitor.get("/login")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
    assert gzip.decompress(packed.data).startswith(plain.data[:200])
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert "Accept-Encoding" in plain.headers["Vary"]


def test_page_that_has_not_changed_is_not_sent_again(app: Flask, visitor: Visitor) -> None:
    first = visitor.get("/explore")
    assert first.headers["ETag"].startswith('W/"')
    again = visitor.get("/explore", If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert "Content-Encoding" not in again.headers
    # Whoever has the page plain has the same page.
    assert Visitor(app).get("/explore", If_None_Match=first.headers["ETag"]).status_code == 304


@pytest.mark.parametrize("given", ["", "br", "gzip;q=0", "identity"])
def test_client_that_takes_no_gzip_gets_none(app: Flask, given: str) -> None:
    answer = Visitor(app).get("/login", Accept_Encoding=given)
    assert "Content-Encoding" not in answer.headers
    assert "<h1" in answer.text


@pytest.mark.parametrize(
    ("response", "is_packed"),
    [
        (Response(LONG, mimetype="text/plain"), True),
        (Response(LONG, mimetype="image/svg+xml"), True),
        (Response(LONG, mimetype="application/octet-stream"), False),
        (Response(LONG, mimetype="image/png"), False),
        (Response("short", mimetype="text/plain"), False),
        (Response("x" * 2_000_001, mimetype="text/plain"), False),
        (Response(LONG, headers={"Cache-Control": SECRET}), False),
        (Response(LONG, headers={"Content-Encoding": "br"}), False),
        (Response(LONG, status=206), False),
        (Response(iter([LONG]), mimetype="text/plain"), False),
        (Response(LONG, status=404), True),
    ],
)
def test_texts_are_packed(hub: Hub, response: Response, is_packed: bool) -> None:
    answer = answering(hub, response).get("/for-a-test")
    assert (answer.headers.get("Content-Encoding") == "gzip") is is_packed


def tokens(visitor: Visitor, path: str) -> set[str]:
    return {form.values["csrf_token"] for form in forms_of(visitor.get(path).text) if form.method == "post"}


def test_two_pages_share_no_secret_and_the_same_page_keeps_its_own(anna: Visitor) -> None:
    """Otherwise the length of pages that differ by a guess tells the token, letter by letter."""
    (one,), (other,) = tokens(anna, "/explore?q=guess-a"), tokens(anna, "/explore?q=guess-b")
    assert len(one) == len(other) == 44
    assert not any(one[at : at + 6] in other for at in range(39))
    assert tokens(anna, "/explore?q=guess-a") == {one}
    with anna.client.session_transaction() as cookie:
        assert str(cookie["csrf"]) not in anna.get("/explore").text
    first = anna.get("/explore?q=guess-a").headers["ETag"]
    assert anna.get("/explore?q=guess-a", If_None_Match=first).status_code == 304


def test_token_of_any_page_is_taken_and_one_that_was_changed_is_not(anna: Visitor) -> None:
    (token,) = tokens(anna, "/explore")
    for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), "A" + token[1:], token[:12], token + "="):
        assert anna.post("/logout", {"csrf_token": wrong}).status_code == 403, wrong
    assert anna.post("/logout", {"csrf_token": token}).status_code == 302


def test_nothing_that_somebody_wrote_becomes_a_token(anna: Visitor) -> None:
    page = anna.get("/explore?q=token-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").text
    assert len(re.findall("token-A{32}", page)) >= 1
