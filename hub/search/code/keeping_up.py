"""Brings the index up to what branches hold, and tidies it; the worker's business."""

from hub.db import Database
from hub.errors import Unavailable
from hub.search.code.indexing import drop_unused, indexing, update_view
from hub.search.code.moved import list_moved


def index_moved(database: Database) -> int:
    """Has the index look at every branch that moved; returns at how many.

    Whoever finds it held leaves them to the next sweep.
    """
    try:
        with indexing(database.config, wait_seconds=0) as index:
            with database.reading() as session:
                moved = list_moved(session, database.config)
            for repository_id, ref in moved:
                update_view(database, index, repository_id, ref)
            index.tidy()
            return len(moved)
    except Unavailable:
        return 0


def drop_what_nobody_shows(database: Database) -> int:
    """Removes the documents that no branch shows any more; returns how many there were."""
    try:
        with indexing(database.config, wait_seconds=0) as index:
            return drop_unused(database, index)
    except Unavailable:
        return 0
