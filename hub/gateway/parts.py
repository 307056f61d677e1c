"""The five parts of a hub, each as one call that works until SIGTERM.

The supervisor passes sockets that it has bound; a part that is started alone binds its own.
"""

import socket

from hub import app, jobs, logs
from hub.app import Hub
from hub.config import Config
from hub.gateway import front, git_ssh, policy, web, worker
from hub.gateway.exposure import refuse_strangers
from hub.gateway.listeners import bind_tcp, bind_unix, policy_socket_path, web_socket_path


def run_front(config: Config, listener: socket.socket | None = None) -> None:
    """Serves pages and git over HTTP."""
    if listener is None:
        refuse_strangers(config, config.http)
    front.serve(_load(config), listener or bind_tcp(config.http))


def run_web(config: Config, listener: socket.socket | None = None) -> None:
    """Answers pages for the front."""
    hub = _load(config)
    jobs.start(hub.database)
    web.WebServer(hub, listener or bind_unix(web_socket_path(config))).run()


def run_ssh(config: Config, listener: socket.socket | None = None) -> None:
    """Serves git over SSH."""
    if listener is None:
        refuse_strangers(config, config.ssh)
    git_ssh.serve(_load(config), listener or bind_tcp(config.ssh))


def run_worker(config: Config) -> None:
    """Does background work."""
    worker.work(_load(config))


def run_policy(config: Config, listener: socket.socket | None = None) -> None:
    """Judges and records pushes for the front and for SSH."""
    hub = _load(config)
    jobs.start(hub.database)
    policy.Pool(hub, listener or bind_unix(policy_socket_path(config))).run()


def _load(config: Config) -> Hub:
    logs.configure(config)
    return app.load(config)
