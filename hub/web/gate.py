"""The gate before pages that cost much: people get in, robots wait.

Of some pages there are as many as commits times files, and each costs the server work: robots that follow
every link never come to their end. Who signs in, or sends a token, is never asked. Strangers of one network
get some of these pages a minute; then a page offers them a cookie, with which they get many more. It holds
for their network alone, so that it cannot be handed round.
"""

from datetime import timedelta
from typing import Final

from flask import Response, current_app, request, url_for
from itsdangerous import BadData, URLSafeTimedSerializer

from hub.errors import Text, TooMany, text
from hub.networks import network_of
from hub.web import redirects
from hub.web import request as web
from hub.web.budgets import spend
from hub.web.errors import wants_page
from hub.web.scopes import Costly, declaration

# A page in half a second is more than a person reads, and what a robot gets that keeps cookies.
PER_MINUTE_THROUGH: Final = 120
HOLDS_FOR: Final = timedelta(days=7)


class AskedTooMuch(TooMany):
    """More costly pages than strangers get; `next_url` leads a person on."""

    code = "too_many_costly"

    def __init__(self, why: Text, next_step: Text, *, next_url: str | None, wait_seconds: int) -> None:
        super().__init__(
            text("Your network asked for many pages that cost this hub much."),
            why,
            retry_after_seconds=wait_seconds,
        )
        self.next_step = next_step
        self.next_url = next_url


def admit() -> None:
    """Lets the request for a costly page in, and counts it for strangers; raises AskedTooMuch.

    Called for every request of an endpoint that declares itself costly, and by those that are so sometimes,
    once they know that this request is.
    """
    if declaration().costly is Costly.NEVER:
        raise RuntimeError(f"{request.endpoint} does not declare that it may be costly")
    limit = web.config().costly_per_minute
    if not limit or web.viewer().is_signed_in:
        return
    network = _network()
    is_through = _holds_cookie(network)
    subject = f"through {network}" if is_through else f"costly {network}"
    wait_seconds = spend(web.database(), subject, limit=PER_MINUTE_THROUGH if is_through else limit)
    if wait_seconds:
        raise _asked_too_much(wait_seconds, is_through=is_through)


def let_through(response: Response) -> None:
    """Gives the browser the cookie with which its network's people get in."""
    response.set_cookie(
        _cookie_name(),
        _serializer().dumps(_network()),
        max_age=HOLDS_FOR,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )


def _asked_too_much(wait_seconds: int, *, is_through: bool) -> AskedTooMuch:
    why = text(
        "The history of a file, blame, comparisons and archives are counted for those who are not signed in, "
        "so that robots do not take the hub from people."
    )
    if is_through or not wants_page():
        later = text(
            "Try again in %(seconds)s seconds, or sign in: a token does so for a program.",
            seconds=wait_seconds,
        )
        return AskedTooMuch(why, later, next_url=None, wait_seconds=wait_seconds)
    through = url_for("pages.through", next=redirects.here())
    return AskedTooMuch(
        why, text("Go on as a person: it takes a cookie."), next_url=through, wait_seconds=wait_seconds
    )


def _network() -> str:
    return network_of(request.remote_addr or "", bits=48)


def _holds_cookie(network: str) -> bool:
    try:
        kept = _serializer().loads(
            request.cookies.get(_cookie_name(), ""), max_age=int(HOLDS_FOR.total_seconds())
        )
    except BadData:
        return False
    return bool(kept == network)


def _cookie_name() -> str:
    return "__Host-hub-through" if request.is_secure else "hub-through"


def _serializer() -> URLSafeTimedSerializer:
    assert current_app.secret_key, "the application has a key since it was made"
    return URLSafeTimedSerializer(current_app.secret_key, salt="hub-through")
