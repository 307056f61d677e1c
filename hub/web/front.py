"""What the front tells about a request: who sent it, to which address, and the id it goes by.

Only the front connects over a Unix socket. From anybody else these headers are taken away.
"""

import secrets
from typing import TYPE_CHECKING, Final

from flask import Flask, request

from hub.web.hop import CAN_TAKE_OVER, HANDOVER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ADDRESS: Final = "HTTP_X_FORWARDED_FOR"
_SCHEME: Final = "HTTP_X_FORWARDED_PROTO"
_HOST: Final = "HTTP_X_FORWARDED_HOST"
_REQUEST_ID: Final = "HTTP_X_REQUEST_ID"
_HANDOVER: Final = f"HTTP_{HANDOVER.upper().replace('-', '_')}"

# Where a WSGI application finds what was believed; not headers, so no client can set them.
_KEPT_ID: Final = "hub.request_id"
_TAKES_OVER: Final = "hub.takes_over"


class FrontHeaders:
    """WSGI middleware that believes the front and nobody else."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        """Passes the request on, with the front's word for who and where it is."""
        told = {name: environ.pop(name, "") for name in (_ADDRESS, _SCHEME, _HOST, _REQUEST_ID, _HANDOVER)}
        # The other end of a Unix socket has no address.
        if not environ.get("REMOTE_ADDR"):
            environ["REMOTE_ADDR"] = told[_ADDRESS]
            if told[_SCHEME] in ("http", "https"):
                environ["wsgi.url_scheme"] = told[_SCHEME]
            if told[_HOST]:
                environ["HTTP_HOST"] = told[_HOST]
            environ[_KEPT_ID] = told[_REQUEST_ID]
            environ[_TAKES_OVER] = told[_HANDOVER] == CAN_TAKE_OVER
        environ[_KEPT_ID] = environ.get(_KEPT_ID) or secrets.token_hex(8)
        return self._application(environ, start_response)


def install(app: Flask) -> None:
    """Puts the middleware around the application."""
    app.wsgi_app = FrontHeaders(app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way to wrap it


def request_id() -> str:
    """The id under which this request is found in the log."""
    return str(request.environ.get(_KEPT_ID, ""))


def takes_over() -> bool:
    """Whether the front sends the body of this answer when it is told what to send."""
    return bool(request.environ.get(_TAKES_OVER))
