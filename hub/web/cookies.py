"""The one cookie besides the gate's: signed, its name bound to the host where the connection allows it."""

from datetime import timedelta

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface

from hub.config import Config
from hub.secret_keys import load_key


class HubCookie(SecureCookieSessionInterface):
    """Flask's signed cookie. It carries the secret of a sign-in, the CSRF token and notices, no rows."""

    def get_cookie_name(self, app: Flask) -> str:
        """`__Host-hub` over HTTPS, where browsers refuse it from any other host; else `hub`."""
        return "__Host-hub" if request.is_secure else "hub"

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether the browser may send it over HTTPS only."""
        return request.is_secure


def install(app: Flask, config: Config) -> None:
    """Sets the cookie up, with a key that lies in the data folder."""
    app.secret_key = load_key(config.data / "keys" / "cookies")
    app.session_interface = HubCookie()
    app.config.update(
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(days=config.session_days),
    )
