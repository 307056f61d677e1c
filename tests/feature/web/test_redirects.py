"""Where the form to sign in sends people: to pages of this hub only."""

import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from flask import Flask

from hub.app import Hub
from tests.factories import make_user
from tests.visitor import Visitor

pytestmark = pytest.mark.reads

ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "////evil.example/x",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "https:evil.example",
    "https://evil.example",
    "http:///evil.example",
    "//localhost@evil.example",
    "http://localhost/",
    "http://localhost@evil.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "/%2f%2fevil.example/x/y",
    "/new\r\nSet-Cookie: a=b",
    "/new\u2028x",
    "/\u2215evil.example",
    "new",
    "?next=/new",
    "#/new",
    "",
    "/no/such/page/here",
    "/static/x",
    "/login\\@evil.example",
    "//[::1]/",
]
OWN = ["/", "/new", "/settings/keys", "/anna/demo", "/anna?page=2", "/help/roles#own"]


@pytest.fixture(autouse=True)
def anna(hub: Hub) -> None:
    with hub.database.writing() as session:
        make_user(session, "anna")


def goal_of(app: Flask, wanted: str) -> str:
    visitor = Visitor(app)
    visitor.get("/login")
    return visitor.sign_in("anna", next=wanted).headers["Location"]


@pytest.mark.parametrize("wanted", OWN)
def test_page_of_the_hub_is_where_a_person_goes_on(app: Flask, wanted: str) -> None:
    assert goal_of(app, wanted) == wanted


def test_other_addresses_lead_to_the_first_page(app: Flask) -> None:
    with app.test_request_context("/login"):
        from hub.web.redirects import after

        assert {wanted: after(wanted) for wanted in ELSEWHERE} == dict.fromkeys(ELSEWHERE, "/")


@pytest.mark.parametrize("wanted", ["//evil.example", "/\\evil.example", "https://evil.example/login"])
def test_form_neither_keeps_nor_follows_an_address_elsewhere(app: Flask, wanted: str) -> None:
    visitor = Visitor(app)
    page = visitor.client.get("/login", query_string={"next": wanted})
    assert "evil.example" not in page.text
    assert goal_of(app, wanted) == "/"
    visitor.sign_in("anna")
    assert visitor.client.get("/login", query_string={"next": wanted}).headers["Location"] == "/"


def test_signing_in_leads_back_to_the_page_it_began_on(app: Flask) -> None:
    visitor = Visitor(app)
    assert 'href="/login?next=/explore?sort%3Dname"' in visitor.get("/explore?sort=name").text
    assert 'href="/login?next=/anna/nothing"' in visitor.get("/anna/nothing").text
    assert 'href="/login"' in visitor.get("/").text
    assert "setup" not in visitor.get("/-/setup/abc").text.partition("<main")[0]


@pytest.mark.parametrize("address", ["/anna/%C3%A4?q=%C3%A4%26b", "/anna/%FF", "/anna/a%3Fb?c=%25"])
def test_signing_in_leads_back_to_an_address_of_any_bytes(app: Flask, address: str) -> None:
    path, _, query = address.partition("?")
    # As a server hands it over; the test's own client knows text only.
    environ = {"PATH_INFO": unquote(path, "latin-1"), "QUERY_STRING": query}
    page = app.test_client().get("/", environ_overrides=environ).text
    way = re.search(r'href="(/login\?next=[^"]*)"', page)
    assert way is not None
    assert parse_qs(urlsplit(way[1]).query)["next"] == [address]
    assert goal_of(app, address) == address
