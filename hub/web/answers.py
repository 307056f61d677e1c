"""Answers that many views give: a page that nobody keeps, a form shown again, a text that never changes."""

from collections.abc import Iterator
from typing import IO, Final

import flask

from hub.errors import HubError
from hub.web import security

# In a request of more.js: only the part of the page is wanted that takes the place of a link.
FRAGMENT: Final = "X-Fragment"
_CHUNK_BYTES: Final = 1 << 16


def secret_page(page: str) -> flask.Response:
    """The page, to be kept neither by the browser nor on the way."""
    response = flask.make_response(page)
    response.headers["Cache-Control"] = security.SECRET
    return response


def refused_page(page: str, error: HubError) -> flask.Response:
    """The page with the form again, under the status and the headers of the error."""
    response = secret_page(page)
    response.status_code = error.status
    response.headers.update(error.headers)
    return response


def fixed_text(file: IO[bytes], *, etag: str, is_public: bool) -> flask.Response:
    """The file as plain text that `etag` names for ever; who may see it is asked each time unless all may."""
    response = flask.Response(_read(file), content_type="text/plain; charset=utf-8")
    response.call_on_close(file.close)  # also when nobody reads it
    response.headers["Content-Security-Policy"] = security.SANDBOX
    return _fixed(response, etag=etag, is_public=is_public)


def _read(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def unchanged(*, etag: str, is_public: bool) -> flask.Response | None:
    """The answer that says so, to who has what `etag` names already."""
    if not flask.request.if_none_match.contains_weak(etag):
        return None
    return _fixed(flask.Response(status=304), etag=etag, is_public=is_public)


def _fixed(response: flask.Response, *, etag: str, is_public: bool) -> flask.Response:
    response.set_etag(etag)
    response.headers["Cache-Control"] = security.IMMUTABLE if is_public else security.PRIVATE
    return response
