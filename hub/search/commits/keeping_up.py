"""Brings the index of commits up to what branches hold, and tidies it; the worker's business."""

from collections.abc import Sequence

import structlog

from hub.db import Database
from hub.errors import Unavailable
from hub.repos.git.process import GitFailed
from hub.search.commits.indexing import drop_unused, indexing, update_view
from hub.search.commits.moved import list_moved

_log = structlog.get_logger(__name__)


def bring_up(database: Database, moved: Sequence[tuple[int, str]]) -> bool:
    """Has the index look at these branches; False where others change it, and the next sweep has to."""
    try:
        with indexing(database, wait_seconds=0) as index:
            for repository_id, ref in moved:
                try:
                    update_view(database, index, repository_id, ref)
                except GitFailed as error:
                    _log.warning("commits_unreadable", repository_id=repository_id, ref=ref, error=str(error))
                index.tidy()
            return True
    except Unavailable:
        return False


def make_anew(database: Database) -> None:
    """Makes an index that is gone or damaged again, from what branches hold."""
    try:
        with indexing(database, wait_seconds=0), database.reading() as session:
            moved = list_moved(session, database.config)
    except Unavailable:
        return
    bring_up(database, moved)


def drop_what_nobody_shows(database: Database) -> int:
    """Removes the commits that no branch shows any more; returns how many there were.

    Not before all that moved was looked at: what was taken in for a view that is not there yet is kept.
    """
    try:
        with indexing(database, wait_seconds=0) as index:
            with database.reading() as session:
                is_busy = bool(list_moved(session, database.config))
            return 0 if is_busy else drop_unused(database, index)
    except Unavailable:
        return 0
