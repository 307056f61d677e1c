"""Sees each other second which histories grew, at the cost of one short question where none did."""

from typing import Final

from sqlalchemy import func, select

from hub.db import Database
from hub.repos.models import RefLogEntry, Repository
from hub.search.commits import folder
from hub.search.commits.moved import list_moved
from hub.search.models import CommitView

# Rows may be committed in another order than that of their ids: the last ones are asked for again.
_LOOK_BACK: Final = 1000
_NEWEST: Final = select(func.max(RefLogEntry.id))


class HistoryWatcher:
    """What was seen of the log of refs so far. The first look compares every default branch."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: int | None = None

    def look(self) -> None:
        """Has the index look at what moved since the look before."""
        with self._database.reading() as session:
            newest = session.scalar(_NEWEST) or 0
            if newest == self._seen:
                return
            since = RefLogEntry.id > (0 if self._seen is None else self._seen - _LOOK_BACK)
            touched = select(RefLogEntry.repository_id).where(since)
            which = None if self._seen is None else Repository.id.in_(touched)
            moved = list_moved(session, self._database.config, which)
        if bring_up(self._database, moved):
            self._seen = newest


def look_over(database: Database) -> None:
    """Has the index look at whatever moved, and be made anew where it is gone or damaged."""
    with database.reading() as session:
        moved = list_moved(session, database.config)
        has_views = session.scalar(select(CommitView.repository_id).limit(1)) is not None
    if has_views and not folder.is_sound(database.config):
        _make_anew(database)
    else:
        bring_up(database, moved)


def bring_up(database: Database, moved: list[tuple[int, str]]) -> bool:
    """Has the index look at these branches; False where others change it, and the next look has to."""
    if not moved:
        return True
    # Whoosh and numpy are for who indexes and who searches, and cost what else there is to do twice over.
    from hub.search.commits import keeping_up  # noqa: PLC0415

    return keeping_up.bring_up(database, moved)


def _make_anew(database: Database) -> None:
    from hub.search.commits import keeping_up  # noqa: PLC0415

    keeping_up.make_anew(database)
