"""Which repositories are repacked, and when: never while a push runs, and never at the cost of an object.

A push leaves one pack; after forty of them a clone takes as long as without any preparation. So a repository
is due when it has many packs, loose refs or loose objects, and once a day when something was pushed to it.

**Pushes.** A repack begins only when no push is under way, and only then is it tried again a few minutes
later; one that finds no quiet minute for a long time, and has very many packs, is repacked beside its pushes.
A push that begins during a repack does not wait for it: it brings its objects in a pack of its own, which the
repack does not know and so does not touch, and what was joined is still there, in another pack. Only while
refs are packed, some milliseconds, is the queue held.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import select, update

from hub.clock import now
from hub.db import Database
from hub.errors import NotFound, Unavailable, text
from hub.repos.git.loans import Busy, upkeep
from hub.repos.git.packing import Clutter, join_packs, look_for_clutter, pack_refs, write_commit_graph
from hub.repos.git.process import GitFailed
from hub.repos.git.store import directory, holding, place, size_bytes
from hub.repos.models import Repository

_log = structlog.get_logger(__name__)

MOST_PACKS: Final = 10
MOST_LOOSE_REFS: Final = 300
MOST_LOOSE_OBJECTS: Final = 3000
# From so many on a repack does not wait for a moment without pushes any more.
TOO_MANY_PACKS: Final = 100
AGE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Maintained:
    """What a repack did: packs before and after, and bytes on disk."""

    path: str
    packs_before: int
    packs_after: int
    size_bytes: int


def is_due(
    clutter: Clutter, *, pushed_at: datetime | None, maintained_at: datetime | None, at: datetime
) -> bool:
    """Whether a repository is to be repacked now. Pure."""
    if clutter.packs >= MOST_PACKS or clutter.loose_refs >= MOST_LOOSE_REFS:
        return True
    if clutter.loose_objects >= MOST_LOOSE_OBJECTS:
        return True
    if pushed_at is None or (maintained_at is not None and pushed_at <= maintained_at):
        return False
    return at - (maintained_at or pushed_at) >= AGE


def maintain_due(database: Database) -> list[Maintained]:
    """Repacks whatever is due and quiet; returns what was done. Nothing while another sweep is at it."""
    run = database.config.data / "run"
    run.mkdir(parents=True, exist_ok=True, mode=0o700)
    with holding(run, "maintenance.lock") as is_ours:
        return _maintain_due(database) if is_ours else []


def _maintain_due(database: Database) -> list[Maintained]:
    with database.reading() as session:
        columns = (Repository.id, Repository.storage, Repository.pushed_at, Repository.maintained_at)
        is_there = Repository.deleted_at.is_(None)
        rows = session.execute(select(*columns).where(is_there).order_by(Repository.id)).all()
    done = []
    for repository_id, storage, pushed_at, maintained_at in rows:
        path = place(database.config, storage, repository_id)
        clutter = look_for_clutter(path, most_refs=MOST_LOOSE_REFS)
        if is_due(clutter, pushed_at=pushed_at, maintained_at=maintained_at, at=now()):
            maintained = _try_maintain(database, repository_id, clutter)
            if maintained is not None:
                done.append(maintained)
    return done


def _try_maintain(database: Database, repository_id: int, clutter: Clutter) -> Maintained | None:
    try:
        done = maintain(database, repository_id, in_quiet=clutter.packs < TOO_MANY_PACKS)
        _log.info("repository_maintained", path=done.path, packs=done.packs_after, size_bytes=done.size_bytes)
        return done
    except (GitFailed, OSError) as error:
        _log.error("repository_not_maintained", repository_id=repository_id, error=str(error))
    except (NotFound, Unavailable):  # deleted meanwhile, or a push is under way: the next sweep asks again
        pass
    return None


def maintain(
    database: Database, repository_id: int, *, in_quiet: bool = True, wait_seconds: float = 0
) -> Maintained:
    """Repacks one repository, whether it is due or not; outside of any transaction, for it may take minutes.

    With `in_quiet` it begins only when no push is under way. Raises Unavailable when that takes longer than
    `wait_seconds`, NotFound, and GitFailed.
    """
    with database.reading() as session:
        repository = session.get(Repository, repository_id)
        if repository is None:
            raise NotFound(text("The repository was deleted."))
        path, name = directory(database.config, repository), repository.path
    began_at = now()
    try:
        with upkeep(path, wait_seconds=wait_seconds, in_quiet=in_quiet):
            before = look_for_clutter(path, most_refs=0).packs
            _tidy(path)
    except Busy as error:
        raise Unavailable(
            text("%(path)s is busy.", path=name),
            text("Somebody pushes to it, or it is being repacked."),
            text("Try it again in a minute."),
        ) from error
    after, size = look_for_clutter(path, most_refs=0).packs, size_bytes(path)
    with database.writing() as session:
        is_it = Repository.id == repository_id
        session.execute(update(Repository).where(is_it).values(maintained_at=began_at, size_bytes=size))
    return Maintained(name, before, after, size)


def _tidy(path: Path) -> None:
    pack_refs(path)
    join_packs(path)
    write_commit_graph(path)
