"""What every answer says to the browser about safety, and what no request may exceed."""

from typing import Final

from flask import Flask, Response, request

from hub.config import Config
from hub.errors import NotFound, TooLarge, text
from hub.web.scopes import declaration

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Of what strangers wrote, should a browser ever take it for a page.
SANDBOX: Final = "default-src 'none'; sandbox; frame-ancestors 'none'"
PRIVATE: Final = "private, no-cache"
SECRET: Final = "no-store"  # noqa: S105  # a value of Cache-Control
IMMUTABLE: Final = "public, max-age=31536000, immutable"

_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": PRIVATE,
}
_HSTS: Final = "max-age=31536000"

_MAX_FORM_FIELDS: Final = 200


def install(app: Flask, config: Config) -> None:
    """Sets the limits of requests and the headers of answers."""
    app.config.update(
        MAX_CONTENT_LENGTH=config.max_request_bytes,
        MAX_FORM_MEMORY_SIZE=config.max_request_bytes,
        MAX_FORM_PARTS=_MAX_FORM_FIELDS,
    )
    app.after_request(_add_validator)
    app.after_request(_add_headers)


def check_limits(config: Config) -> None:
    """Raises TooLarge for a body beyond the limit, read or not, and NotFound for a name that cannot be."""
    limit = config.max_request_bytes
    if declaration().takes_upload:
        limit += config.max_bundle_bytes
        request.max_content_length = limit
    if (request.content_length or 0) > limit:
        raise TooLarge(
            text("The request is larger than %(limit)s bytes.", limit=limit),
            next_step=text("Send less at once; files and histories go through git."),
        )
    # No database of text keeps this character, so nothing is called so.
    if "\0" in request.path or any("\0" in value for value in request.args.values()):
        raise NotFound(
            text("There is no such page."),
            text("The address holds a character that no name has."),
        )


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", _HSTS)
    return response


def _add_validator(response: Response) -> Response:
    is_page = request.method in ("GET", "HEAD") and response.status_code == 200
    if is_page and not response.is_streamed and "no-store" not in response.headers.get("Cache-Control", ""):
        # The body names the viewer and carries their token, so nobody's answer validates another's.
        response.add_etag()
        response.make_conditional(request)
    return response
