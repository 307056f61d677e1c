"""The one cookie: signed, its name bound to the host where the connection allows it."""

import os
import secrets
from datetime import timedelta
from pathlib import Path

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface

from hub.config import Config


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


def load_key(path: Path) -> bytes:
    """The key in that file; made, readable by its owner alone, where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(32))
        file.flush()
        os.fsync(file.fileno())
    try:
        # Unlike a rename this fails where another process was quicker, and then its key counts.
        os.link(written, path)
    except FileExistsError:
        pass
    finally:
        written.unlink()
    return path.read_bytes()
