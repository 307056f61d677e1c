"""The session and the viewer of a request: opened when asked for, committed or rolled back at its end."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, cast

from flask import Flask, Response, current_app, g, request
from sqlalchemy.orm import Session

from hub.access import ANONYMOUS, Viewer
from hub.config import Config
from hub.db import Database, send_enqueued
from hub.errors import HubError
from hub.jobs import Job, Queue
from hub.web.scopes import declaration

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

# What pages ask of the worker: the same not again for a minute, and not more than this in one.
_ASKED_AGAIN_SECONDS: Final = 60.0
_MOST_ASKED: Final = 20

# Makes the answer to an error, as the error handlers do.
AnswerError = Callable[[Exception], Response]


@dataclass(frozen=True, slots=True)
class _Web:
    database: Database
    load_viewer: Callable[[], Viewer]
    is_proved: Callable[[], bool]
    answer_error: AnswerError
    asked_at: dict[tuple[str, tuple[int | str, ...]], float] = field(default_factory=dict)


def install(
    app: Flask,
    database: Database,
    *,
    load_viewer: Callable[[], Viewer],
    is_proved: Callable[[], bool],
    answer_error: AnswerError,
) -> None:
    """Has every request of the application end its transaction; registered last, so that it ends first."""
    app.extensions["hub.web"] = _Web(database, load_viewer, is_proved, answer_error)
    app.after_request(_finish)
    app.teardown_request(_close)


def _web() -> _Web:
    return cast(_Web, current_app.extensions["hub.web"])


def database() -> Database:
    """The hub's database, for the few views that open transactions of their own."""
    return _web().database


def config() -> Config:
    """The settings of the hub that answers."""
    return _web().database.config


def session() -> Session:
    """The session of this request: for unsafe methods one writing transaction, otherwise one that reads."""
    if "session" not in g:
        g.is_writing = request.method not in SAFE_METHODS and not declaration().has_own_transactions
        g.session = database().writer() if g.is_writing else database().reader()
    return cast(Session, g.session)


def viewer() -> Viewer:
    """Whoever asks; raises Unauthenticated for credentials that are not valid."""
    if "viewer" not in g:
        g.viewer = _web().load_viewer()
    return cast(Viewer, g.viewer)


def viewer_if_known() -> Viewer:
    """Whoever asks, or a stranger where that cannot be told; for the pages about errors."""
    if "viewer" not in g:
        try:
            g.viewer = _web().load_viewer()
        except HubError:
            g.viewer = ANONYMOUS
    return cast(Viewer, g.viewer)


def is_proved() -> bool:
    """Whether whoever asks proved lately, in this browser, who they are; tokens are not asked."""
    return viewer().is_signed_in and _web().is_proved()


def forget_viewer() -> None:
    """Has the viewer be read again, after they signed in or out."""
    g.pop("viewer", None)


def ask_worker(wanted: Job, *ids: int | str) -> None:
    """Has the worker do the job, for a page that misses what it makes; no row is written.

    The page comes without it, and perhaps many times: so the job is asked for once a minute by each of our
    processes, and few jobs altogether. What is not asked for now, the next view asks for.
    """
    asked_at, at = _web().asked_at, time.monotonic()
    for one in [one for one, moment in asked_at.items() if at - moment > _ASKED_AGAIN_SECONDS]:
        asked_at.pop(one, None)
    if (wanted.name, ids) in asked_at or len(asked_at) >= _MOST_ASKED:
        return
    asked_at[wanted.name, ids] = at
    cast(Queue, current_app.extensions["hub.queue"]).send(wanted.name, ids)


def base_url() -> str:
    """The address people use for this hub, without a slash at its end."""
    return config().url.rstrip("/") or request.host_url.rstrip("/")


def _finish(response: Response) -> Response:
    opened: Session | None = g.get("session")
    if opened is None or not g.is_writing:
        return response
    if response.status_code >= 400:
        opened.rollback()
        return response
    try:
        opened.commit()
    except Exception as error:  # noqa: BLE001  # an error raised here would not reach the error handlers
        opened.rollback()
        return _web().answer_error(error)
    send_enqueued(opened)
    return response


def _close(_: BaseException | None) -> None:
    opened: Session | None = g.pop("session", None)
    if opened is not None:
        opened.close()
