"""What the worker watches is looked at again and again, whatever goes wrong in between."""

import threading

from structlog.testing import capture_logs

from hub.config import Config
from hub.db import Database
from hub.jobs import Look, Watcher


def test_a_look_that_fails_is_logged_and_the_next_one_goes_well() -> None:
    is_enough = threading.Event()
    begun, looks = [], []

    def begin(database: Database) -> Look:
        begun.append(database)
        if len(begun) == 1:
            raise RuntimeError("no database yet")

        def look() -> None:
            looks.append(1)
            if len(looks) == 1:
                raise ValueError("once")
            if len(looks) == 3:
                is_enough.set()

        return look

    database = Database(Config())
    watcher = Watcher(database, begin, seconds=0.001)
    with capture_logs() as logged:
        watcher.start()
        assert is_enough.wait(30)
        watcher.stop()
        watcher.join(30)
    assert not watcher.is_alive()
    assert len(begun) == 2
    assert [one["event"] for one in logged] == ["watch_failed", "watch_failed"]


def test_who_waits_for_the_next_look_ends_at_once() -> None:
    has_looked = threading.Event()
    watcher = Watcher(Database(Config()), lambda _: has_looked.set, seconds=3600)
    watcher.start()
    assert has_looked.wait(30)
    watcher.stop()
    watcher.join(30)
    assert not watcher.is_alive()
