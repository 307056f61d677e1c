"""Every error as the caller can read it: a page, a JSON problem or plain text."""

from enum import StrEnum
from typing import Final

import flask
import structlog
import werkzeug
from flask import Flask, Response, redirect, request, url_for
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.exceptions import HTTPException

from hub.errors import (
    BadRequest,
    Conflict,
    HubError,
    Invalid,
    MethodNotAllowed,
    Moved,
    NotFound,
    Text,
    TooLarge,
    Unavailable,
    UnsupportedMedia,
    text,
)
from hub.web import notices, redirects
from hub.web.front import request_id
from hub.web.render import render
from hub.web.scopes import ProofNeeded, SignInNeeded
from hub.web.words import translate

log = structlog.get_logger(__name__)


class Kind(StrEnum):
    """The form in which an error is told."""

    PAGE = "text/html"
    PROBLEM = "application/problem+json"
    JSON = "application/json"
    TEXT = "text/plain"


class Unexpected(HubError):
    """A defect of the hub; what it was stands in the log only."""

    def __init__(self) -> None:
        super().__init__(
            text("The hub made a mistake."),
            text("What went wrong is in its log, under the number of this request."),
            text("Try again. If it happens again, tell whoever runs this hub the number."),
        )


class Refused(HubError):
    """Any other status that werkzeug raised."""

    def __init__(self, status: int) -> None:
        super().__init__(text("The request was refused."))
        self.status = status  # type: ignore[misc]  # the one class whose instances differ in status
        self.code = "refused"  # type: ignore[misc]


def install(app: Flask) -> None:
    """Has every error that reaches Flask answered in words."""
    app.register_error_handler(Exception, answer)


def wants_page() -> bool:
    """Whether the caller reads pages, and not JSON or plain text."""
    return _kind() is Kind.PAGE


def _kind() -> Kind:
    if request.path.startswith("/api/"):
        return Kind.PROBLEM
    wanted = request.accept_mimetypes.best_match([one.value for one in Kind], Kind.PAGE)
    return Kind.PROBLEM if wanted == Kind.JSON else Kind(wanted)


def answer(error: Exception) -> Response:
    """The answer to any error, expected or not."""
    if isinstance(error, HTTPException) and (error.code is None or error.code < 400):
        return _as_response(error.get_response(request.environ))  # a redirect
    notices.forget()
    expected = _expected(error)
    if isinstance(expected, SignInNeeded) and wants_page() and request.method == "GET":
        return _as_response(redirect(url_for("accounts.sign_in", next=redirects.here())))
    if isinstance(expected, ProofNeeded) and wants_page():
        return _ask_for_proof()
    if isinstance(expected, Moved):
        expected = _moved(expected)
    response = _tell(expected)
    response.status_code = expected.status
    response.headers.update(expected.headers)
    if expected.status == 401:
        # Basic would have the browser ask for a password in a window of its own.
        response.headers["WWW-Authenticate"] = 'Bearer realm="hub"'
    if isinstance(error, HTTPException) and expected.status == 405:
        response.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or []))
    return response


def _moved(error: Moved) -> HubError:
    """The error with the same page's new address; a form is not sent there by itself."""
    if request.method in ("GET", "HEAD"):
        location = redirects.moved_here(error.path)
        if location is not None:
            return Moved(error.old_path, error.path, location=location)
    return Conflict(
        error.what,
        text("Nothing was changed."),
        text("Open the new address, and do it there."),
        next_url=error.next_url,
    )


def _ask_for_proof() -> Response:
    if request.method != "GET":
        notices.add(
            "wait",
            text("Nothing was changed yet."),
            text("Prove first that it is you; then the page with the form is shown again."),
        )
    return _as_response(redirect(url_for("accounts.prove", next=redirects.here())))


def _as_response(response: werkzeug.Response) -> Response:
    return flask.make_response(response)


def _expected(error: Exception) -> HubError:
    if isinstance(error, HubError):
        return error
    if isinstance(error, HTTPException):
        return _of_werkzeug(error)
    if isinstance(error, IntegrityError):
        log.warning("conflict", error=str(error.orig))
        return Conflict(
            text("Somebody else changed the same thing at this moment."),
            next_step=text("Look at it again, then repeat what is still missing."),
        )
    if isinstance(error, OperationalError):
        log.error("database_unavailable", error=str(error.orig))
        return Unavailable(
            text("The hub cannot reach its database right now."),
            text("It is busy or not running."),
            text("Try again in some seconds."),
        )
    log.error("unexpected_error", exc_info=error, path=request.path, method=request.method)
    return Unexpected()


_NO_PAGE: Final = text("There is no page at this address.")


def _of_werkzeug(error: HTTPException) -> HubError:
    if error.code == 404:
        return NotFound(_NO_PAGE, next_step=text("Check the spelling, or begin at the first page."))
    if error.code == 405:
        return MethodNotAllowed(
            text("There is nothing to open at this address."),
            text("It only takes what a form sends."),
            text("Go back to the page with the form and use what it offers."),
        )
    if error.code == 413:
        return TooLarge(
            text("The request is too large."),
            next_step=text("Send less at once; files and histories go through git."),
        )
    if error.code == 415:
        return UnsupportedMedia(text("This address does not read a body of this kind."))
    if error.code == 400:
        return BadRequest(
            text("The request is not complete."),
            next_step=text("Open the page again and send it once more."),
        )
    return Refused(error.code or 500)


def _tell(error: HubError) -> Response:
    kind = _kind()
    if kind is Kind.PROBLEM:
        return _problem(error)
    if kind is Kind.TEXT:
        return _plain(error)
    try:
        return flask.make_response(render("errors/error.html", error=_view(error)))
    except Exception:  # the page about an error is the last that may fail
        log.exception("error_page_failed")
        return _plain(error)


def _view(error: HubError) -> dict[str, object]:
    return {
        "status": error.status,
        "what": translate(error.what),
        "why": _optional(_why(error)),
        "next_step": _optional(error.next_step),
        "next_url": error.next_url,
    }


def _why(error: HubError) -> Text | None:
    # A page without the form has no fields to put faults beside.
    faults = list(error.fields.values()) if isinstance(error, Invalid) else []
    return error.why or (faults[0] if faults else None)


def _problem(error: HubError) -> Response:
    body = {
        "type": "about:blank",
        "title": translate(error.what),
        "status": error.status,
        "code": error.code,
        "detail": _optional(error.why),
        "next_step": _optional(error.next_step),
        "request_id": request_id(),
    }
    if isinstance(error, Invalid):
        body["fields"] = {name: translate(fault) for name, fault in error.fields.items()}
    told = {name: value for name, value in body.items() if value is not None}
    return Response(flask.json.dumps(told) + "\n", content_type="application/problem+json")


def _plain(error: HubError) -> Response:
    lines = f"{error.as_text()}Request {request_id()}\n"
    return Response(lines, content_type="text/plain; charset=utf-8")


def _optional(sentence: Text | None) -> str | None:
    return None if sentence is None else translate(sentence)
