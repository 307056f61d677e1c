"""The worker: background work from the queue, and the sweeps that run by the minute."""

import logging
from pathlib import Path

from hub.app import Hub
from hub.config import Config


def heartbeat_path(config: Config) -> Path:
    """The file that appears when the worker takes work."""
    return config.data / "run" / "worker.ready"


def work(hub: Hub) -> None:
    """Does background work until SIGTERM. A job that is cut off is done again: jobs may run twice."""
    logging.getLogger("huey").setLevel(logging.WARNING)  # it tells of every job that went well
    beat = heartbeat_path(hub.config)
    beat.unlink(missing_ok=True)

    def started() -> None:
        beat.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beat.touch(mode=0o600)

    hub.queue.huey.on_startup("heartbeat")(started)
    try:
        hub.queue.consume(hub.database)
    finally:
        beat.unlink(missing_ok=True)
