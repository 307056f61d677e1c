"""Background work: functions of ids, sent after the commit, done by the worker, repeatable.

Huey keeps the queue: in a SQLite file of its own, or in Redis where one is configured.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import structlog
from huey import Huey, RedisHuey, SqliteHuey, crontab
from huey.api import TaskWrapper
from sqlalchemy.orm import Session

from hub.config import Config
from hub.db import Database

JobFunction = Callable[..., None]
StartFunction = Callable[[Database], None]
Look = Callable[[], None]
WatchFunction = Callable[[Database], Look]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A registered function: `(database, *ids)`."""

    name: str
    function: JobFunction
    every_minutes: int | None = None


_jobs: dict[str, Job] = {}
_at_start: list[StartFunction] = []
_watches: list[tuple[float, WatchFunction]] = []


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


def watch(*, seconds: float) -> Callable[[WatchFunction], WatchFunction]:
    """Registers what the worker looks at every so many seconds, in a thread of its own.

    The function is called once, and what it returns again and again: a look has to cost next to nothing where
    nothing happened. For what people wait for, and whoever does it must not be asked to say; a sweep is
    behind it.
    """

    def register(function: WatchFunction) -> WatchFunction:
        _watches.append((seconds, function))
        return function

    return register


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


_LONGEST_PAUSE_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 5.0


class Watcher(threading.Thread):
    """Looks again and again until it is stopped; one that fails is logged, and the next comes later."""

    def __init__(self, database: Database, begin: WatchFunction, *, seconds: float) -> None:
        super().__init__(name=f"watch {begin.__name__}", daemon=True)
        self._database, self._begin, self._seconds = database, begin, seconds
        self._is_over = threading.Event()

    def run(self) -> None:
        """Looks until `stop` is called."""
        look: Look | None = None
        pause = self._seconds
        while not self._is_over.is_set():
            try:
                look = look or self._begin(self._database)
                look()
                pause = self._seconds
            except Exception:  # noqa: BLE001  # the edge: whatever it is, the next look may go well
                _log.exception("watch_failed", watch=self._begin.__name__)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            self._is_over.wait(pause)

    def stop(self) -> None:
        """Has it end after the look at which it is."""
        self._is_over.set()


@contextmanager
def watching(database: Database) -> Iterator[None]:
    """Watches what was registered with `watch` inside the block."""
    watchers = [Watcher(database, function, seconds=seconds) for seconds, function in _watches]
    for one in watchers:
        one.start()
    try:
        yield
    finally:
        for one in watchers:
            one.stop()
        # Who looks for longer ends with the process.
        ends_at = time.monotonic() + _STOP_SECONDS
        for one in watchers:
            one.join(max(0.0, ends_at - time.monotonic()))


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
        with watching(database):
            consumer.run()

    def _add_sweep(self, sweep: Job) -> None:
        def due() -> None:
            assert self._database is not None
            sweep.function(self._database)

        self.huey.periodic_task(crontab(minute=f"*/{sweep.every_minutes}"), name=sweep.name)(due)
