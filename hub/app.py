"""The composition root: the only module that knows every feature."""

from dataclasses import dataclass

from hub.config import Config
from hub.db import Database
from hub.jobs import Queue


@dataclass(frozen=True, slots=True)
class Hub:
    """One loaded hub: its settings, its database and its queue of background work."""

    config: Config
    database: Database
    queue: Queue


def load(config: Config) -> Hub:
    """The hub without its pages: every feature's jobs and registrations are imported by this module.

    What the policy processes, the worker and the command line use; no Flask.
    """
    queue = Queue(config)
    return Hub(config=config, database=Database(config, queue), queue=queue)
