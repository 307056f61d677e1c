"""Whether a request that changes something was meant: it comes from our own pages, with their token.

The secret lies in the signed cookie. A page carries a token made from it and from the page itself, so that
two pages that differ in a byte share nothing secret: pages leave compressed, and whoever can have a browser
load pages with guesses in them, and sees how long they are, learns nothing that helps with the next one.
"""

import base64
import hmac
import secrets
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

import flask
from flask import Flask, Response, g, request

from hub.errors import Forbidden, Text, text
from hub.web.request import SAFE_METHODS, config

FIELD: Final = "csrf_token"
HEADER: Final = "X-CSRF-Token"
_KEY: Final = "csrf"
_SALT_BYTES: Final = 9
_PROOF_BYTES: Final = 24
# What stands in the place of the token until the page is whole. Nobody else knows it, so that no content of a
# page is taken for it.
_STAND_IN: Final = f"token-{secrets.token_urlsafe(24)}"


def install(app: Flask) -> None:
    """Puts tokens into whole pages; registered after what makes validators, so that it runs earlier."""
    app.after_request(_put_token_in)


def token() -> str:
    """The token that each form of this page carries.

    A script that signs in by its header needs none, and gets no cookie.
    """
    if _has_header():
        return ""
    if _KEY not in flask.session:
        flask.session[_KEY] = secrets.token_urlsafe(24)
    g.has_token = True
    return _STAND_IN


def make_token(secret: str, salt: bytes) -> str:
    """The token of a page with that salt, for the browser with that secret."""
    proof = hmac.digest(secret.encode(), salt, sha256)[:_PROOF_BYTES]
    return base64.urlsafe_b64encode(salt + proof).decode()


def _put_token_in(response: Response) -> Response:
    if "has_token" in g and not response.is_streamed:
        page = response.get_data()
        salt = sha256(page.replace(_STAND_IN.encode(), b"")).digest()[:_SALT_BYTES]
        made = make_token(str(flask.session.get(_KEY, "")), salt)
        response.set_data(page.replace(_STAND_IN.encode(), made.encode()))
    return response


def check() -> None:
    """Raises Forbidden for an unsafe request that another site may have made the browser send.

    Requests with an Authorization header need no token: no other site can add that header, and the
    cookie counts for nothing beside it.
    """
    if request.method in SAFE_METHODS or _has_header():
        return
    _check_source()
    given = request.headers.get(HEADER) or request.form.get(FIELD, "")
    secret = str(flask.session.get(_KEY, ""))
    if not secret or not _is_token(given, secret):
        raise _refused(
            text("The form is older than your sign-in, or the browser keeps no cookie of this hub.")
        )


def _is_token(given: str, secret: str) -> bool:
    # Whoever can read the cookie may send what is in it as well.
    if hmac.compare_digest(given.encode(), secret.encode()):
        return True
    try:
        salt = base64.urlsafe_b64decode(given.encode())[:_SALT_BYTES]
    except ValueError:
        return False
    return hmac.compare_digest(given.encode(), make_token(secret, salt).encode())


def _has_header() -> bool:
    return request.headers.get("Authorization") is not None


def _check_source() -> None:
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise _refused(text("Another site sent it."))
    elif origin is not None and origin not in _own_origins():
        raise _refused(
            text(
                "The browser says that it comes from %(origin)s, and the hub calls itself %(own)s. Whoever "
                "runs the hub can set `url` or `trusted_proxies`.",
                origin=origin,
                own=request.host_url.rstrip("/"),
            )
        )


def _own_origins() -> set[str]:
    configured = urlsplit(config().url)
    return {request.host_url.rstrip("/"), f"{configured.scheme}://{configured.netloc}"}


def _refused(why: Text) -> Forbidden:
    return Forbidden(
        text("This form was not taken, and nothing was changed."),
        why,
        text("Go back, load the page again, and send it once more. You are still signed in if you were."),
    )
