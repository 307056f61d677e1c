"""Sees each second what was pushed, at the cost of one short question where nothing was.

What a row shows of itself (visibility, names, owners, deletions) needs nothing here: it is asked when
somebody searches. Forks, imports and rebuilt repositories arrive in the log of refs, as pushes do.
"""

import time
from collections.abc import Callable
from typing import Final

from sqlalchemy import bindparam, exists, func, select

from hub.db import Database
from hub.repos.models import RefLogEntry, Repository
from hub.search.code import folders
from hub.search.code.moved import list_moved
from hub.search.models import CodeView

# Rows may be committed in another order than that of their ids: the last seconds are asked for again.
_OVERLAP_SECONDS: Final = 15.0
_AT_ONCE: Final = 500
_MOST_OLD: Final = 100

_NEWER: Final = (
    select(RefLogEntry.id, RefLogEntry.repository_id)
    .where(RefLogEntry.id > bindparam("seen"))
    .order_by(RefLogEntry.id)
)
_NEWEST: Final = select(func.max(RefLogEntry.id))
_HAS_VIEWS: Final = select(exists(select(CodeView.repository_id)))


class RefWatcher:
    """What was seen of the log so far. The first look compares every branch."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database, self._clock = database, clock
        self._is_first = True
        self._is_sound = False
        self._seen: dict[int, float] = {}
        self._below = 0
        self._waiting: set[tuple[int, str]] = set()
        self._new: set[tuple[int, str]] = set()

    def look(self) -> None:
        """Has the index look at what moved since the look before, and be made again where it is gone."""
        if self._is_first:
            with self._database.reading() as session:
                self._below = session.scalar(_NEWEST) or 0
                self._waiting.update(list_moved(session, self._database.config))
            self._is_first = False
        elif new := self._read_new():
            self._new.update(self._list_moved(new))
        self._is_sound = self._is_sound and folders.is_sound(self._database.config)
        if self._new or self._waiting or (not self._is_sound and self._is_begun()):
            self._index()

    def _index(self) -> None:
        # Whoosh and numpy are for who indexes and who searches, and cost what else there is to do twice over.
        from hub.search.code import keeping_up  # noqa: PLC0415

        if not self._is_sound:
            self._is_sound = keeping_up.look_over(self._database)
            if not self._is_sound:
                return
            # What had to be forgotten is looked at anew.
            with self._database.reading() as session:
                self._waiting.update(list_moved(session, self._database.config))
        # What was pushed just now does not wait for a thousand branches that were never looked at.
        some = [*sorted(self._new), *sorted(self._waiting - self._new)[:_MOST_OLD]]
        if keeping_up.bring_up(self._database, some):
            self._new.clear()
            self._waiting.difference_update(some)

    def _is_begun(self) -> bool:
        """Whether there is an index, or rows that are about one."""
        if folders.is_begun(self._database.config):
            return True
        with self._database.reading() as session:
            return bool(session.scalar(_HAS_VIEWS))

    def _read_new(self) -> set[int]:
        """The repositories of the rows that were not seen before."""
        at = self._clock()
        with self._database.reading() as session:
            rows = session.execute(_NEWER, {"seen": self._below}).all()
        new = {repository_id for row_id, repository_id in rows if row_id not in self._seen}
        for row_id, _ in rows:
            self._seen.setdefault(row_id, at)
        settled = [row_id for row_id, seen_at in self._seen.items() if seen_at < at - _OVERLAP_SECONDS]
        for row_id in settled:
            self._below = max(self._below, row_id)
            del self._seen[row_id]
        return new

    def _list_moved(self, ids: set[int]) -> list[tuple[int, str]]:
        ordered = sorted(ids)
        with self._database.reading() as session:
            return [
                one
                for begin in range(0, len(ordered), _AT_ONCE)
                for one in list_moved(
                    session, self._database.config, Repository.id.in_(ordered[begin : begin + _AT_ONCE])
                )
            ]
