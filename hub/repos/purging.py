"""What is removed from the disk for good: repositories deleted long ago, directories that belong to none."""

import shutil
import time
from pathlib import Path
from secrets import token_hex
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.clock import now
from hub.db import Database
from hub.repos.git.store import directory, reachable_ids_file, reading_folder
from hub.repos.loans import make_whole
from hub.repos.models import Repository
from hub.repos.settings.deletion import KEPT

_log = structlog.get_logger(__name__)

_LEFTOVERS: Final = ("new-*", "lost-*")
_HANDED_OVER: Final = ("*.bundle", "*.json")
_LEFTOVER_SECONDS: Final = 86400.0


def purge_deleted(database: Database) -> list[int]:
    """Removes each repository that was deleted more than thirty days ago; returns their ids.

    Forks that still borrow from one are made whole first. Nobody can bring it back afterwards.
    """
    with database.reading() as session:
        is_over = Repository.deleted_at <= now() - KEPT
        found = session.scalars(select(Repository.id).where(is_over).order_by(Repository.id)).all()
        borrowing = select(Repository.id).where(Repository.lender_id.in_(found)).order_by(Repository.id)
        fork_ids = session.scalars(borrowing).all()
    for fork_id in fork_ids:
        make_whole(database, fork_id)
    return [one for one in found if _purge(database, one)]


def _purge(database: Database, repository_id: int) -> bool:
    with database.writing() as session:
        repository = session.get(Repository, repository_id, with_for_update={"of": Repository})
        if repository is None or repository.deleted_at is None or repository.deleted_at > now() - KEPT:
            return False  # brought back meanwhile
        aside = _set_aside(directory(database.config, repository))
        ids_file = reachable_ids_file(database.config, repository)
        _remove_row(session, repository)
    shutil.rmtree(aside, ignore_errors=True)
    shutil.rmtree(reading_folder(database.config, repository_id), ignore_errors=True)
    for path in ids_file.parent.glob(f"{ids_file.name}*"):
        if path.name.partition(".")[0] == ids_file.name:
            path.unlink(missing_ok=True)
    _log.info("repository_purged", repository_id=repository_id)
    return True


def _set_aside(path: Path) -> Path:
    """Where the directory lies now, under a name that no repository has: a crash leaves it to the sweep."""
    aside = path.with_name(f"lost-{path.stem}-{token_hex(4)}")
    if path.exists():
        path.rename(aside)
    return aside


def _remove_row(session: Session, repository: Repository) -> None:
    session.delete(repository)
    session.flush()


def remove_leftovers(database: Database, *, older_than_seconds: float = _LEFTOVER_SECONDS) -> list[str]:
    """Removes old directories and uploads that were never finished or belong to nothing; returns names."""
    data = database.config.data
    directories = [path for one in _LEFTOVERS for path in (data / "repositories").glob(f"*/{one}")]
    removed = []
    # A .json holds the credentials of an import whose job never came for them.
    handed_over = [path for one in _HANDED_OVER for path in (data / "run" / "imports").glob(one)]
    for path in (*directories, *handed_over):
        found = path.stat()
        # Setting one aside changes the time of its inode, not of its content.
        if time.time() - max(found.st_mtime, found.st_ctime) > older_than_seconds:
            path.unlink() if path.is_file() else shutil.rmtree(path, ignore_errors=True)
            removed.append(path.name)
    return removed
