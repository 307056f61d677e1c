"""Brings the index up to what waits for it, and tidies it; the worker's business."""

from sqlalchemy import delete, select

from hub.db import Database
from hub.errors import Unavailable
from hub.search.code_indexing import drop_unused, indexing, update_view
from hub.search.models import CodeWaiting
from hub.search.waiting import has_waiting


def index_waiting(database: Database) -> int:
    """Has the index look at everything that waits; returns at how many branches.

    Whoever is at it already looks again when they are done, so that nothing is left.
    """
    count = 0
    while has_waiting(database):
        try:
            with indexing(database.config, wait_seconds=0) as index:
                while (one := _find_first(database)) is not None:
                    repository_id, ref, newest = one
                    update_view(database, index, repository_id, ref)
                    _forget(database, repository_id, ref, newest)
                    count += 1
                index.tidy()
        except Unavailable:
            break
    return count


def drop_what_nobody_shows(database: Database) -> int:
    """Removes the documents that no branch shows any more; returns how many there were."""
    try:
        with indexing(database.config, wait_seconds=0) as index:
            return drop_unused(database, index)
    except Unavailable:
        return 0


def _find_first(database: Database) -> tuple[int, str, int] | None:
    """Repository and ref of the oldest row, and the newest row about the same."""
    with database.reading() as session:
        first = session.scalars(select(CodeWaiting).order_by(CodeWaiting.id).limit(1)).one_or_none()
        if first is None:
            return None
        same = (CodeWaiting.repository_id == first.repository_id) & (CodeWaiting.ref == first.ref)
        newest = session.scalars(select(CodeWaiting.id).where(same).order_by(CodeWaiting.id.desc())).first()
        return first.repository_id, first.ref, newest or first.id


def _forget(database: Database, repository_id: int, ref: str, newest: int) -> None:
    is_it = (CodeWaiting.repository_id == repository_id) & (CodeWaiting.ref == ref)
    with database.writing() as session:
        session.execute(delete(CodeWaiting).where(is_it, CodeWaiting.id <= newest))
