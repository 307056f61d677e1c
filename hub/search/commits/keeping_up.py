"""Brings the index of commits up to what branches hold, and tidies it; the worker's business."""

from collections.abc import Sequence

import structlog

from hub.db import Database
from hub.errors import Unavailable
from hub.repos.git.process import GitFailed
from hub.search.commits.folder import note_damage
from hub.search.commits.indexing import drop_unused, indexing, update_view
from hub.search.commits.moved import list_moved
from hub.search.words.index import WordIndex

_log = structlog.get_logger(__name__)


def bring_up(database: Database, moved: Sequence[tuple[int, str]]) -> bool:
    """Has the index look at these branches; False where others change it, and the next sweep has to."""
    try:
        with indexing(database, wait_seconds=0) as index:
            _look_at(database, index, moved)
            return True
    except Unavailable:
        return False


def make_anew(database: Database, *, wait_seconds: float = 0) -> int:
    """Makes the index again from what branches hold, whatever it holds; returns how many commits it has.

    Until that is done commits are not found. Leaves it to others who change the index, after that wait.
    """
    note_damage(database.config)
    try:
        with indexing(database, wait_seconds=wait_seconds) as index:
            with database.reading() as session:
                moved = list_moved(session, database.config)
            _look_at(database, index, moved)
            return sum(int(one.live.sum()) for one in index.segments())
    except Unavailable:
        return 0


def _look_at(database: Database, index: WordIndex, moved: Sequence[tuple[int, str]]) -> None:
    for repository_id, ref in moved:
        try:
            update_view(database, index, repository_id, ref)
        except GitFailed as error:
            _log.warning("commits_unreadable", repository_id=repository_id, ref=ref, error=str(error))
        index.tidy()


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
