"""Each request in the log and in the metrics: what was asked, the answer's status, how long it took."""

import time
from typing import Final

import structlog
from flask import Flask, Response, g, request
from prometheus_client import Histogram

from hub import logs
from hub.web.front import request_id

log = structlog.get_logger("hub.pages")

SECONDS: Final = Histogram(
    "hub_page_seconds",
    "Time to answer a page, by endpoint.",
    ["endpoint", "method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

# Asked every few seconds by whatever watches the hub.
_QUIET: Final = frozenset({"health.healthz", "health.readyz", "health.metrics", "assets.show"})
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def install(app: Flask) -> None:
    """Notes every request; registered first, so that it sees the answer as it leaves."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.began_at = time.perf_counter()
    logs.bind(request_id())


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = request_id()
    seconds = time.perf_counter() - g.began_at
    endpoint = request.endpoint or "none"
    method = request.method if request.method in _METHODS else "other"
    SECONDS.labels(endpoint, method, response.status_code).observe(seconds)
    write = log.debug if endpoint in _QUIET else log.info
    # The path without its query, which may hold what was searched for; never a header.
    write(
        "request",
        method=method,
        path=request.path,
        status=response.status_code,
        milliseconds=round(seconds * 1000, 1),
        viewer=getattr(g.get("viewer"), "name", None),
        address=request.remote_addr,
    )
    return response
