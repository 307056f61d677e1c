"""Background work: functions of ids, sent after the commit, done by the worker, repeatable.

Huey keeps the queue: in a SQLite file of its own, or in Redis where one is configured.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from huey import Huey, RedisHuey, SqliteHuey, crontab
from huey.api import TaskWrapper
from sqlalchemy.orm import Session

from hub.config import Config
from hub.db import Database

JobFunction = Callable[..., None]
StartFunction = Callable[[Database], None]


@dataclass(frozen=True, slots=True)
class Job:
    """A registered function: `(database, *ids)`."""

    name: str
    function: JobFunction
    every_minutes: int | None = None


_jobs: dict[str, Job] = {}
_at_start: list[StartFunction] = []


def job(function: JobFunction) -> Job:
    """Registers a function as work that can be enqueued; its name is `<feature>.<function>`."""
    return _register(function, None)


def every(minutes: int) -> Callable[[JobFunction], Job]:
    """Registers a function as a sweep that runs by itself, every so many minutes (a divisor of 60)."""

    def register(function: JobFunction) -> Job:
        return _register(function, minutes)

    return register


def _register(function: JobFunction, minutes: int | None) -> Job:
    feature = function.__module__.removeprefix("hub.").removesuffix(".jobs")
    registered = Job(f"{feature}.{function.__name__}", function, minutes)
    _jobs[registered.name] = registered
    return registered


def at_start(function: StartFunction) -> StartFunction:
    """Registers what is looked at whenever a part starts in which people act, before the first does."""
    _at_start.append(function)
    return function


def start(database: Database) -> None:
    """Does what was registered with `at_start`."""
    for function in _at_start:
        function(database)


def registered() -> list[Job]:
    """Every job known to this process, by name."""
    return [_jobs[name] for name in sorted(_jobs)]


def enqueue(session: Session, wanted: Job, *ids: int | str) -> None:
    """Sends the job, once, when the session's transaction is committed; a rollback forgets it."""
    waiting = session.info.setdefault("enqueued", [])
    if (wanted.name, ids) not in waiting:
        waiting.append((wanted.name, ids))


def run(database: Database, name: str, ids: tuple[int | str, ...]) -> None:
    """Does one job now; a name that this version does not know is an error in the worker's log."""
    _jobs[name].function(database, *ids)


# Huey waits longer and longer between polls of an empty queue, up to 10 s by default.
POLL_SECONDS: Final = 0.1
MAX_POLL_SECONDS: Final = 0.2
WORKERS: Final = 5


class Queue:
    """The queue of one hub: `send` from anywhere, `consume` in the worker."""

    def __init__(self, config: Config) -> None:
        self.huey: Huey = (
            RedisHuey("hub", url=config.redis_url)
            if config.redis_url
            else SqliteHuey("hub", filename=str(config.data / "jobs.sqlite"), fsync=True)
        )
        self._database: Database | None = None
        self._task: TaskWrapper = self.huey.task(retries=3, retry_delay=10, name="run")(self._run)

    def send(self, name: str, arguments: tuple[int | str, ...]) -> None:
        """Hands over one job by its name."""
        self._task(name, list(arguments))

    def _run(self, name: str, arguments: list[int | str]) -> None:
        assert self._database is not None, "only the worker runs jobs"
        run(self._database, name, tuple(arguments))

    def consume(self, database: Database) -> None:
        """Works until it is told to stop by SIGTERM; sweeps run by the minute."""
        self._database = database
        for one in registered():
            if one.every_minutes is not None:
                self._add_sweep(one)
        # Imports take two threads at most and maintenance one, for hours if need be; others do not wait.
        consumer = self.huey.create_consumer(
            workers=WORKERS, initial_delay=POLL_SECONDS, max_delay=MAX_POLL_SECONDS, check_worker_health=True
        )
        consumer.run()

    def _add_sweep(self, sweep: Job) -> None:
        def due() -> None:
            assert self._database is not None
            sweep.function(self._database)

        self.huey.periodic_task(crontab(minute=f"*/{sweep.every_minutes}"), name=sweep.name)(due)
