"""Puts right what a crash left: open intents, refs the log does not know, locks and quarantines of the dead.

Nothing is guessed from ages or process ids: the flocks that git's processes inherit say whether one is left.
"""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from hub.db import Database
from hub.repos.git.process import GitFailed
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import ALIVE_LOCK, QUEUE_LOCK, directory, harden, holding, sweep
from hub.repos.models import ZERO_ID, PushIntent, RefLogEntry, Repository
from hub.repos.names import COUNTED
from hub.repos.pushes import RefUpdate
from hub.repos.pushing.recording import RECONCILER, log_moves, settle

_log = structlog.get_logger(__name__)

# Two changes of a directory within one tick of the kernel's clock look like one.
_RACY_NANOSECONDS: Final = 100_000_000


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What was found in one repository and put right."""

    repository_id: int
    removed: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    unclaimed: list[RefUpdate] = field(default_factory=list)

    @property
    def found_something(self) -> bool:
        """Whether anything had to be put right."""
        return bool(self.removed or self.closed or self.unclaimed)


def reconcile(database: Database, repository_id: int) -> Reconciliation | None:
    """Brings log and refs together and removes leftovers; None while a push is being judged and recorded.

    Leftovers go only while no git process of a push is alive.
    """
    with database.reading() as session:
        repository = session.get(Repository, repository_id)
        path = None if repository is None else directory(database.config, repository)
    if path is None or not path.is_dir():
        _log.error("repository_without_directory", repository_id=repository_id)
        return Reconciliation(repository_id)
    with holding(path, ALIVE_LOCK) as nobody_alive:
        removed = sweep(path) if nobody_alive else []
    with holding(path, QUEUE_LOCK) as is_ours:
        if not is_ours:
            return None
        left = settle(database, repository_id)
        unclaimed = _record_unclaimed(database, repository_id, path)
    return Reconciliation(repository_id, removed, left, unclaimed)


def reconcile_all(database: Database) -> list[Reconciliation]:
    """Reconciles every repository that changed since it was last found in order; returns what was put right.

    One that is busy, or whose files cannot be read, is left for the next time.
    """
    with database.reading() as session:
        repositories = session.scalars(select(Repository).order_by(Repository.id)).all()
        places = [(one.id, directory(database.config, one)) for one in repositories]
        opened = set(session.scalars(select(PushIntent.repository_id).where(PushIntent.done_at.is_(None))))
    found = []
    for repository_id, path in places:
        if repository_id in opened or not _is_unchanged(path):
            done = _try_reconcile(database, repository_id, path)
            if done is not None and done.found_something:
                found.append(done)
    return found


def _try_reconcile(database: Database, repository_id: int, path: Path) -> Reconciliation | None:
    started_at, before = time.time_ns(), _changed_at(path)
    try:
        done = reconcile(database, repository_id)
    except (GitFailed, OSError) as error:
        _log.error("repository_not_reconciled", repository_id=repository_id, error=str(error))
        return None
    if done is not None and not done.found_something and max(before) < started_at - _RACY_NANOSECONDS:
        _in_order[path] = before
    if done is not None and done.found_something:
        _log.warning(
            "repository_reconciled",
            repository_id=repository_id,
            removed=done.removed,
            closed=done.closed,
            unclaimed=[one.name for one in done.unclaimed],
        )
    return done


# When each directory of a repository that was found in order had changed last.
_in_order: dict[Path, tuple[int, ...]] = {}


def _is_unchanged(path: Path) -> bool:
    known = _in_order.get(path)
    return known is not None and known == _changed_at(path)


def _changed_at(path: Path) -> tuple[int, ...]:
    folders = [os.path.join(path, os.fsdecode(name)) for name in sorted(RefFiles(path).shared_folders())]
    objects = path / "objects"
    return tuple(_mtime(one) for one in (*folders, str(path), str(objects), str(objects / "pack")))


def _mtime(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except FileNotFoundError:
        return 0


def _record_unclaimed(database: Database, repository_id: int, path: Path) -> list[RefUpdate]:
    now = {
        name.decode("utf-8", "backslashreplace"): ref_id
        for name, ref_id in RefFiles(path).read_shared().items()
    }
    with database.reading() as session:
        known = _list_known(session, repository_id)
    differing = [
        RefUpdate(name, known.get(name, ZERO_ID), now.get(name, ZERO_ID))
        for name in sorted({*known, *now})
        if known.get(name) != now.get(name)
    ]
    if differing:
        harden(path, [one.name for one in differing], ())
        with database.writing() as session:
            log_moves(session, repository_id, differing, push_id=RECONCILER, user_id=None, is_push=False)
            count = sum(name.startswith(COUNTED) for name in now)
            session.execute(update(Repository).where(Repository.id == repository_id).values(refs_count=count))
    return differing


def _list_known(session: Session, repository_id: int) -> dict[str, str]:
    last = (
        select(func.max(RefLogEntry.id))
        .where(RefLogEntry.repository_id == repository_id)
        .group_by(RefLogEntry.ref)
    )
    rows = session.execute(select(RefLogEntry.ref, RefLogEntry.new_id).where(RefLogEntry.id.in_(last)))
    return {name: new_id for name, new_id in rows if new_id != ZERO_ID}
