"""The web workers: gunicorn over the Flask application, on a Unix socket that only the front uses."""

import gc
import logging
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.config import Config as GunicornConfig
from gunicorn.glogging import Logger

from hub.app import Hub, create_app
from hub.gateway import lifeline
from hub.gateway.listeners import BACKLOG

if TYPE_CHECKING:
    from flask import Flask

# A page that takes longer loses its worker. The front's own deadline lies below, and answers in words.
WORKER_SECONDS: Final = 30
_STOP_SECONDS: Final = 10
_REQUESTS_PER_WORKER: Final = 1000


class ServerLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """What gunicorn says about itself, among the hub's own lines."""

    def setup(self, cfg: GunicornConfig) -> None:
        """Has gunicorn's logger pass everything on from warnings upwards."""
        self.error_log.handlers = []
        self.error_log.propagate = True
        self.error_log.setLevel(logging.WARNING)


class WebServer(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn with the hub's settings, on a socket that is already bound."""

    def __init__(self, hub: Hub, listener: socket.socket) -> None:
        self._hub = hub
        self._listener = listener
        self._master = os.getpid()
        super().__init__()

    def load_config(self) -> None:
        """Gunicorn's settings. Only sync workers are ended by the time limit when they hang."""
        settings = {
            # From here on the socket is gunicorn's.
            "bind": [f"fd://{self._listener.detach()}"],
            "worker_class": "sync",
            "workers": max(1, self._hub.config.web_workers),
            "preload_app": True,
            "timeout": WORKER_SECONDS,
            "graceful_timeout": _STOP_SECONDS,
            "max_requests": _REQUESTS_PER_WORKER,
            "max_requests_jitter": _REQUESTS_PER_WORKER // 5,
            "backlog": BACKLOG,
            "control_socket_disable": True,
            "worker_tmp_dir": _memory_directory(),
            # Whoever can connect is the front, which has set X-Forwarded-* itself.
            "forwarded_allow_ips": "*",
            "limit_request_line": 0,
            "limit_request_field_size": 0,
            "logger_class": ServerLog,
            "pre_fork": self._before_fork,
            "post_fork": self._after_fork,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> "Flask":
        """The Flask application, made once before the workers are forked."""
        flask_app = create_app(self._hub)
        # Compiled now, templates are shared by all workers, and no reader waits for it.
        for template in flask_app.jinja_env.list_templates(extensions=["html"]):
            flask_app.jinja_env.get_template(template)
        gc.collect()
        gc.freeze()
        return flask_app

    def _before_fork(self, _: object, __: object) -> None:
        # A connection must not be used on both sides of a fork.
        self._hub.database.dispose()

    def _after_fork(self, _: object, __: object) -> None:
        # By itself a worker notices only after seconds that gunicorn's master was killed.
        lifeline.end_with_parent(self._master)
        lifeline.name_process("hub page")

    def run(self) -> None:
        """Serves until SIGTERM. The socket stays: it belongs to whoever bound it."""
        arbiter = Arbiter(self)
        # "From systemd" is gunicorn's word for a socket that it must not remove at its end.
        arbiter.systemd = True
        arbiter.run()


def _memory_directory() -> str | None:
    # Workers touch a file to show that they live; on a busy disk that alone can take seconds.
    shared_memory = Path("/dev/shm")  # noqa: S108
    return str(shared_memory) if os.access(shared_memory, os.W_OK) else None
