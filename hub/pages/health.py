"""Whether the hub works, for whatever watches it: alive, ready, and counters."""

import json
import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

import sqlalchemy
from huey.exceptions import HueyException
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from hub.config import Config
from hub.db import Database
from hub.jobs import Queue

METRICS_CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
_PATIENCE_SECONDS: Final = 2.0
_WORKS: Final = "ok"


def check(database: Database, queue: Queue) -> dict[str, str]:
    """Each thing that the hub cannot work without: `ok`, or what is wrong with it in English."""
    config = database.config
    checks: dict[str, Callable[[], str]] = {
        "database": lambda: check_database(database),
        "queue": lambda: check_queue(queue),
        "policy": lambda: check_policy(config.data / "run" / "policy.sock"),
        "repositories": lambda: check_repositories(config),
    }
    return {name: run() for name, run in checks.items()}


def is_ready(found: dict[str, str]) -> bool:
    """Whether everything that was checked works."""
    return all(said == _WORKS for said in found.values())


def check_database(database: Database) -> str:
    """Whether the database answers."""
    try:
        with database.reading() as session:
            session.execute(sqlalchemy.text("SELECT 1"))
    except SQLAlchemyError as error:
        return f"does not answer: {type(error).__name__}"
    return _WORKS


def check_queue(queue: Queue) -> str:
    """Whether background work can be handed over."""
    try:
        queue.huey.pending_count()
    except (OSError, HueyException, RedisError) as error:
        return f"does not answer: {type(error).__name__}"
    return _WORKS


def check_policy(path: Path) -> str:
    """Whether a policy process answers on its socket: four bytes of length and JSON, both ways."""
    question = json.dumps({"question": "ready"}).encode()
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_PATIENCE_SECONDS)
            connection.connect(str(path))
            connection.sendall(struct.pack("!I", len(question)) + question)
            (size,) = struct.unpack("!I", connection.recv(4, socket.MSG_WAITALL))
            answer = json.loads(connection.recv(size, socket.MSG_WAITALL))
    except (OSError, ValueError, struct.error) as error:
        return f"does not answer: {type(error).__name__}"
    return "answers with an error" if "error" in answer else _WORKS


def check_repositories(config: Config) -> str:
    """Whether repositories can be written."""
    folder = config.data / "repositories"
    if not folder.exists():
        folder = config.data
    return _WORKS if os.access(folder, os.W_OK | os.X_OK) else "cannot be written"


def metrics() -> bytes:
    """The counters of every process of the hub where they are shared, else of this one."""
    shared = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not shared:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=shared)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
