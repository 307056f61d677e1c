"""Whether a request that changes something was meant: it comes from our own pages, with their token."""

import hmac
import secrets
from typing import Final
from urllib.parse import urlsplit

import flask
from flask import request

from hub.errors import Forbidden, Text, text
from hub.web.request import SAFE_METHODS, config

FIELD: Final = "csrf_token"
HEADER: Final = "X-CSRF-Token"
_KEY: Final = "csrf"


def token() -> str:
    """The token that each form of this browser carries; it lies in the signed cookie too.

    A script that signs in by its header needs none, and gets no cookie.
    """
    if _has_header():
        return ""
    if _KEY not in flask.session:
        flask.session[_KEY] = secrets.token_urlsafe(24)
    return str(flask.session[_KEY])


def check() -> None:
    """Raises Forbidden for an unsafe request that another site may have made the browser send.

    Requests with an Authorization header need no token: no other site can add that header, and the
    cookie counts for nothing beside it.
    """
    if request.method in SAFE_METHODS or _has_header():
        return
    _check_source()
    given = request.headers.get(HEADER) or request.form.get(FIELD, "")
    expected = str(flask.session.get(_KEY, ""))
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise _refused(
            text("The form is older than your sign-in, or the browser keeps no cookie of this hub.")
        )


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
