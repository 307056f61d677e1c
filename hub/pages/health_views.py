"""The addresses that watchers of the hub ask."""

from typing import cast

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.accounts.credentials import is_same
from hub.errors import NotFound, Unauthenticated, text
from hub.jobs import Queue
from hub.pages import health
from hub.web import request as web
from hub.web.scopes import public_page

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public_page()
def healthz() -> ResponseReturnValue:
    """That this process answers; it asks nothing else."""
    return Response("ok\n", content_type="text/plain; charset=utf-8")


@blueprint.get("/readyz")
@public_page()
def readyz() -> ResponseReturnValue:
    """Whether everything that a page or a push needs works, thing by thing."""
    queue = cast(Queue, current_app.extensions["hub.queue"])
    found = health.check(web.database(), queue)
    lines = "".join(f"{name}: {said}\n" for name, said in found.items())
    status = 200 if health.is_ready(found) else 503
    return Response(lines, status=status, content_type="text/plain; charset=utf-8")


@blueprint.get("/metrics")
@public_page()
def metrics() -> ResponseReturnValue:
    """The counters, for administrators and for the secret in `metrics_token`; for others there is nothing."""
    if not _may_read_metrics():
        raise NotFound(
            text("There is no page at this address."),
            next_step=text("Check the spelling, or begin at the first page."),
        )
    return Response(health.metrics(), content_type=health.METRICS_CONTENT_TYPE)


def _may_read_metrics() -> bool:
    expected = web.config().metrics_token
    given = request.authorization
    secret = (given.token or given.password or "") if given is not None else ""
    if expected and is_same(secret, expected):
        return True
    try:
        viewer = web.viewer()
    except Unauthenticated:
        return False
    return viewer.is_admin and viewer.has_scope(Scope.METRICS)
