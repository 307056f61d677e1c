"""The Flask application that every feature's pages join: safety, words, templates, errors, transactions."""

from collections.abc import Callable, Sequence
from pathlib import Path

from flask import Blueprint, Flask, Response, request

from hub import assets as asset_files
from hub.access import Viewer
from hub.db import Database
from hub.web import (
    assets,
    compression,
    cookies,
    csrf,
    errors,
    front,
    gate,
    observe,
    raw_path,
    render,
    security,
    words,
)
from hub.web import request as request_
from hub.web.scopes import Costly, check_declared, check_proof, declaration, enforce


def make(
    database: Database,
    blueprints: Sequence[Blueprint],
    *,
    load_viewer: Callable[[], Viewer],
    is_proved: Callable[[], bool],
    answer_first: Callable[[], Response | None],
    translations: Path,
) -> Flask:
    """The application of these pages; raises RuntimeError for an endpoint that declares no scope.

    `answer_first` is asked before anybody's rights are: what it answers is the same for everybody.
    """
    config = database.config
    app = Flask("hub", static_folder=None, template_folder=str(asset_files.templates_directory()))
    front.install(app)
    raw_path.install(app)
    # What comes after the request runs in the reverse of this order: the commit first, the log last.
    observe.install(app)
    compression.install(app)
    security.install(app, config)
    csrf.install(app)
    cookies.install(app, config)
    words.install(app, translations)
    render.install(app, config)
    errors.install(app)
    app.before_request(answer_first)
    app.before_request(_guard)
    request_.install(app, database, load_viewer=load_viewer, is_proved=is_proved, answer_error=errors.answer)
    for blueprint in (assets.blueprint, *blueprints):
        app.register_blueprint(blueprint)
    check_declared(app)
    return app


def _guard() -> None:
    security.check_limits(request_.config())
    if request.routing_exception is not None:
        return
    csrf.check()
    declared = declaration()
    if declared.scope is not None or declared.is_for_people:
        enforce(declared, request_.viewer())
    if declared.needs_proof:
        check_proof(declared, is_proved=request_.is_proved())
    if declared.costly is Costly.ALWAYS:
        gate.admit()
