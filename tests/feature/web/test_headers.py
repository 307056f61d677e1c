"""What each answer tells the browser, and whom the pages believe about where a request comes from."""

import re

import pytest
from flask import Flask

from hub import assets
from hub.app import Hub, create_app
from hub.errors import HubError
from hub.web.application import make
from tests.factories import make_user
from tests.visitor import Visitor

pytestmark = pytest.mark.reads

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PATHS = [
    "/",
    "/login",
    "/help",
    "/no/such",
    "/healthz",
    "/readyz",
    "/robots.txt",
    "/metrics",
    "/settings/keys",
]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_the_headers_of_safety(app: Flask, path: str) -> None:
    headers = Visitor(app).get(path).headers
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Permissions-Policy"].startswith("camera=()")
    assert headers["Cache-Control"] == "private, no-cache"
    assert re.fullmatch(r"[0-9a-f]{16}", headers["X-Request-Id"])
    assert "Strict-Transport-Security" not in headers
    assert len(headers.getlist("Content-Security-Policy")) == 1


@pytest.mark.parametrize(
    "asset", [assets.stylesheet(), assets.script(), assets.favicon()], ids=lambda one: one.name
)
def test_asset_is_kept_for_ever_under_its_hashed_name(app: Flask, asset: assets.Asset) -> None:
    answer = Visitor(app).get(f"/static/{asset.name}")
    assert (answer.data, answer.content_type) == (asset.body, asset.content_type)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in answer.headers
    assert answer.headers.get("Vary", "Accept-Encoding") == "Accept-Encoding"


@pytest.mark.parametrize("name", ["hub.css", "hub-000000000000.css", "../hub/app.py", "..%2fhub%2fapp.py"])
def test_nothing_else_is_served_as_an_asset(app: Flask, name: str) -> None:
    assert Visitor(app).get(f"/static/{name}").status_code == 404


def test_page_that_did_not_change_is_not_sent_again(app: Flask, hub: Hub) -> None:
    visitor = Visitor(app)
    etag = visitor.get("/help").headers["ETag"]
    again = visitor.get("/help", If_None_Match=etag)
    assert (again.status_code, again.data) == (304, b"")


def test_page_of_one_person_validates_nobody_elses(app: Flask, hub: Hub) -> None:
    with hub.database.writing() as session:
        make_user(session, "anna")
    visitor = Visitor(app)
    stranger = visitor.get("/help").headers["ETag"]
    visitor.sign_in("anna")
    assert visitor.get("/help", If_None_Match=stranger).status_code == 200


def through_front(app: Flask, **headers: str) -> Visitor:
    """Someone whose requests come over the Unix socket, on which only the front connects."""
    return Visitor(app, address="", **headers)


def test_front_says_who_asks_and_how(app: Flask) -> None:
    visitor = through_front(
        app,
        X_Forwarded_For="203.0.113.9",
        X_Forwarded_Proto="https",
        X_Forwarded_Host="hub.example.org",
        X_Request_Id="from-the-front",
    )
    answer = visitor.get("/login")
    assert answer.headers["X-Request-Id"] == "from-the-front"
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-hub=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_nobody_else_is_believed(app: Flask) -> None:
    visitor = Visitor(app, X_Forwarded_Proto="https", X_Forwarded_Host="evil.example", X_Request_Id="mine")
    answer = visitor.get("/login")
    assert answer.headers["X-Request-Id"] != "mine"
    assert "Strict-Transport-Security" not in answer.headers
    assert answer.headers["Set-Cookie"].startswith("hub=")
    assert "evil.example" not in answer.text


def test_key_of_the_cookies_is_kept_and_readable_by_its_owner_alone(app: Flask, hub: Hub) -> None:
    path = hub.config.data / "keys" / "cookies"
    assert path.stat().st_mode & 0o777 == 0o600
    assert create_app(hub).secret_key == app.secret_key == path.read_bytes()
    assert len(path.read_bytes()) == 32


def test_endpoint_that_declares_no_scope_stops_the_start(hub: Hub, app: Flask) -> None:
    from flask import Blueprint

    blueprint = Blueprint("careless", __name__)
    blueprint.add_url_rule("/careless", "page", lambda: "")
    with pytest.raises(RuntimeError, match=r"declare no scope: careless\.page"):
        make(
            hub.database,
            [blueprint],
            load_viewer=app.extensions["hub.web"].load_viewer,
            is_proved=lambda: True,
            answer_first=lambda: None,
            translations=hub.config.data,
        )


def test_errors_of_the_tree_have_their_own_status() -> None:
    statuses = {
        kind.__name__: kind.status for kind in HubError.__subclasses__() if kind.__module__ == "hub.errors"
    }
    assert statuses["NotFound"] == 404
    assert len(set(statuses.values())) == len(statuses)
