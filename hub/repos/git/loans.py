"""Objects that a repository borrows from another: the file that says so, and how a loan ends.

`objects/info/alternates` (gitrepository-layout(5)) is written here and nowhere else, never by anybody's push
or import, and holds one path: nothing borrows from a repository that borrows itself. The path is relative, so
that the data folder can be moved, and copied to another machine.
"""

import fcntl
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from hub.repos.git.process import GitFailed, git, lines, settings
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import ALIVE_LOCK, QUEUE_LOCK, UPKEEP_LOCK, fsync, holding, lock, write_durably

_ALTERNATES: Final = Path("objects", "info", "alternates")
# Touched when a loan ends or objects are taken out: a push that began before counts on what is gone then.
_ENDED: Final = Path("objects", "info", "hub-loan-ended")
_LONGEST_PUSH_SECONDS: Final = 2 * 86400

_REPACK_SECONDS: Final = 3600.0
_CHECK_SECONDS: Final = 60.0
_QUEUE_SECONDS: Final = 30.0
_ATTEMPTS: Final = 3
_DURABLE: Final = settings({"core.fsync": "all"})


class Busy(Exception):
    """Others were at work on the repository for too long."""


@contextmanager
def upkeep(directory: Path, *, wait_seconds: float = 0, in_quiet: bool = False) -> Iterator[None]:
    """Has nobody else rearrange the objects inside the block, nor take what git writes there for leftovers.

    Pushes may begin meanwhile; with `in_quiet` none is under way when the block begins. Raises Busy when
    that is not to be had in time.
    """
    with holding(directory, UPKEEP_LOCK, wait_seconds=wait_seconds) as is_ours:
        waits = wait_seconds if in_quiet else _QUEUE_SECONDS
        alive = lock(directory, ALIVE_LOCK, shared=not in_quiet, wait_seconds=waits) if is_ours else None
        if alive is None:
            raise Busy(str(directory))
        try:
            # Held alone it would keep pushes waiting; shared it only keeps sweeps from what git writes.
            fcntl.flock(alive, fcntl.LOCK_SH)
            yield
        finally:
            os.close(alive)


def lend(directory: Path, lender: Path) -> None:
    """Has the repository in `directory`, which nobody uses yet, borrow from `lender`, durably."""
    there = os.path.relpath(lender / "objects", directory / "objects")
    write_durably(directory / _ALTERNATES, f"{there}\n")
    fsync(directory / "objects" / "info")


def is_borrowing(directory: Path) -> bool:
    """Whether the repository borrows objects."""
    return (directory / _ALTERNATES).exists()


def end_loan(directory: Path) -> None:
    """Copies every object that the repository needs into it, and ends its loan, durably.

    Nothing is lost that lay in the repository itself, reachable or not; of the lender's objects only those
    are taken over that a ref reaches. The copy is made while pushes go on; if refs moved meanwhile it is made
    again, which is quick, the last time under the queue. Raises GitFailed, and Busy; the loan goes on then.
    """
    with upkeep(directory, wait_seconds=_QUEUE_SECONDS):
        for attempt in range(_ATTEMPTS):
            if not is_borrowing(directory):
                return
            before = _tips(directory)
            _copy_all(directory)
            with holding(directory, QUEUE_LOCK, wait_seconds=_QUEUE_SECONDS) as is_ours:
                if not is_ours:
                    raise Busy(str(directory))
                is_last = attempt == _ATTEMPTS - 1
                if is_last and _tips(directory) != before:
                    _copy_all(directory)
                if is_last or _tips(directory) == before:
                    _forget_lender(directory)


def _tips(directory: Path) -> set[str]:
    return set(RefFiles(directory).read_all().values())


def _copy_all(directory: Path) -> None:
    # Without -l, so that borrowed objects are packed too.
    options = ("-a", "-d", "--keep-unreachable", "--no-write-bitmap-index", "--quiet")
    with lines(directory, "repack", *options, timeout_seconds=_REPACK_SECONDS, additions=_DURABLE) as printed:
        list(printed)
    fsync(directory / "objects" / "pack")


def note_that_objects_go(directory: Path) -> None:
    """Has every push that may have counted on objects that go now be looked at once more, for two days."""
    (directory / _ENDED).touch(mode=0o600)


def _forget_lender(directory: Path) -> None:
    note_that_objects_go(directory)
    with suppress(FileNotFoundError):
        os.unlink(directory / _ALTERNATES)
    fsync(directory / "objects" / "info")


def has_ended_lately(directory: Path) -> bool:
    """Whether a push that is running may have begun while the repository still borrowed."""
    try:
        ended_at = os.stat(directory / _ENDED).st_mtime
    except FileNotFoundError:
        return False
    return time.time() - ended_at < _LONGEST_PUSH_SECONDS


def is_complete(directory: Path, new_id: str, others: Iterable[str] = ()) -> bool:
    """Whether everything is there that `new_id` reaches, what refs and `others` reach taken for granted."""
    known = {*RefFiles(directory).read_shared().values(), *others}
    given = "".join([f"{new_id}\n", *(f"^{one}\n" for one in known)]).encode()
    try:
        git(
            directory,
            "rev-list",
            "--objects",
            "--quiet",
            "--stdin",
            stdin=given,
            timeout_seconds=_CHECK_SECONDS,
        )
    except GitFailed:
        return False
    return True
