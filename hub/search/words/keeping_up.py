"""Brings the index of words up to what rows say; the worker's business.

Every document bears the stamp of what it was made from, so that the index itself says how far it is: an old
one, one beside a database that was put back, or none at all is found out by comparing, and brought up.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.config import Config
from hub.db import Database
from hub.errors import Unavailable, text
from hub.issues.models import Topic
from hub.journal.models import JournalEntry
from hub.repos.git.store import holding
from hub.search.engine.damage import IndexDamaged
from hub.search.parts import parts
from hub.search.words.changed_paths import keep_paths
from hub.search.words.documents import Document, DocumentKind
from hub.search.words.index import WordIndex
from hub.search.words.kind import Name, Source
from hub.search.words.marks import (
    NEWEST,
    PURGE,
    Marks,
    id_in,
    index_folder,
    is_damaged,
    newest_entry,
    read_marks,
    thorough_marks,
    write_marks,
)
from hub.search.words.registry import SOURCES

_log = structlog.get_logger(__name__)

_LOCK: Final = "word-index.lock"
_WAIT_SECONDS: Final = 600.0
# What one commit of the index takes.
_UNITS_AT_ONCE: Final = 2000
# Of two transactions the later one may be given the lower number.
_LOOK_BACK: Final = 1000


@contextmanager
def indexing(config: Config, *, wait_seconds: float = _WAIT_SECONDS) -> Iterator[WordIndex]:
    """The index, for the one process that changes it; raises Unavailable while another one does.

    One that is missing, damaged or of another version is an empty one.
    """
    folder = index_folder(config)
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with holding(folder.parent, _LOCK, wait_seconds=wait_seconds) as is_ours:
        if not is_ours:
            raise Unavailable(text("The index is being changed."), next_step=text("Try it again."))
        index = WordIndex(folder)
        try:
            try:
                if is_damaged(config):
                    raise IndexDamaged
                index.segments()
            except IndexDamaged as error:
                if folder.exists():
                    _log.warning("word_index_made_anew", why=repr(error.__cause__))
                index.make_anew()
            yield index
        finally:
            index.close()


def index_new_entries(database: Database) -> int:
    """Has the index know what was said since it was looked at last; returns of how many topics it asked."""
    config = database.config
    try:
        with indexing(config, wait_seconds=0) as index:
            marks = read_marks(config)
            if NEWEST not in marks:
                _catch_up(database, index, marks)
                return 0
            with database.reading() as session:
                newest = newest_entry(session)
                units = _touched_since(session, id_in(marks[NEWEST]) - _LOOK_BACK)
            for source in SOURCES:
                if source.is_of_topics:
                    _update(database, index, source, marks, units)
            index.tidy()
            write_marks(config, {**marks, NEWEST: newest})
        keep_paths(database, units)
        return len(units)
    except Unavailable:
        return 0


def catch_up(database: Database) -> None:
    """Compares all that is indexed with all rows, and brings it up to them; takes leave of words for good."""
    try:
        with indexing(database.config, wait_seconds=0) as index:
            _catch_up(database, index, read_marks(database.config))
    except Unavailable:
        return


def rebuild(database: Database) -> int:
    """Makes the index anew from rows alone; returns how many documents it has.

    Until then the one before answers.
    """
    config = database.config
    with indexing(config) as index:
        with database.reading() as session:
            marks = thorough_marks(session)
            all_stamps = [(source, source.stamps(session)) for source in SOURCES]
        count = 0
        expected = sum(len(stamps) for _, stamps in all_stamps)
        with index.writing(expected=expected, replaces_all=True) as writer:
            for source, stamps in all_stamps:
                for some in parts(list(stamps), _UNITS_AT_ONCE):
                    with database.reading() as session:
                        count += writer.add(source.documents(session, {one: stamps[one] for one in some}))
        keep_paths(database)
        write_marks(config, marks)
        return count


def _catch_up(database: Database, index: WordIndex, marks: Marks) -> None:
    with database.reading() as session:
        found = thorough_marks(session)
    for source in SOURCES:
        _update(database, index, source, marks, None)
    keep_paths(database)
    if PURGE in marks:
        index.purge()
    index.tidy()
    write_marks(database.config, found)


def _touched_since(session: Session, entry_id: int) -> set[int]:
    """The topics with entries after that one."""
    query = (
        select(Topic.id)
        .join(JournalEntry, JournalEntry.topic_id == Topic.journal_id)
        .where(JournalEntry.id > entry_id)
        .distinct()
    )
    return set(session.scalars(query))


def _update(
    database: Database, index: WordIndex, source: Source, marks: Marks, units: Collection[int] | None
) -> None:
    """Brings these units, or all, up to their rows."""
    with database.reading() as session:
        wanted = source.stamps(session, units)
    held = _stamps_in(index, source)
    due = [unit for unit, stamp in wanted.items() if held.get(unit) != stamp]
    gone = [unit for unit in held if unit not in wanted and (units is None or unit in units)]
    for some in parts(due, _UNITS_AT_ONCE):
        with database.reading() as session:
            documents = list(source.documents(session, {one: wanted[one] for one in some}))
            taken = source.list_taken(session, some)
        _write(database, index, marks, _compare(index, source, some, documents, taken))
    for some in parts(gone, _UNITS_AT_ONCE):
        _write(database, index, marks, _compare(index, source, some, [], set(some)))


@dataclass(frozen=True, slots=True)
class _Difference:
    """What has to be done. `is_for_good`: what is dropped was taken away, and is to leave the disk."""

    dropped: Mapping[DocumentKind, list[int]]
    added: Sequence[Document]
    is_for_good: bool


def _compare(
    index: WordIndex, source: Source, units: Sequence[int], documents: Sequence[Document], taken: set[int]
) -> _Difference:
    """What the units' documents are now against what the index holds; what says the same is left alone."""
    wanted = {(one.kind, one.row): one for one in documents}
    wanted_units = np.array(units, np.uint64)
    kept: set[Name] = set()
    dropped: dict[DocumentKind, list[int]] = {}
    is_for_good = False
    for segment in index.segments():
        is_one = np.isin(segment.numbers("unit"), wanted_units) & segment.live
        is_one &= np.isin(segment.numbers("kind"), list(source.kinds))
        columns = [segment.numbers(name)[is_one].tolist() for name in ("kind", "row", "unit", "digest")]
        for kind, row, unit, digest in zip(*columns, strict=True):
            name = (DocumentKind(kind), row)
            now = wanted.get(name)
            says_the_same = now is not None and now.digest == digest
            # The head bears the stamp of all, which is another one.
            if says_the_same and name not in kept and kind != source.kinds[0]:
                kept.add(name)
                continue
            dropped.setdefault(name[0], []).append(row)
            is_for_good |= not says_the_same and unit in taken
    return _Difference(dropped, [one for name, one in wanted.items() if name not in kept], is_for_good)


def _write(database: Database, index: WordIndex, marks: Marks, difference: _Difference) -> None:
    if difference.is_for_good and PURGE not in marks:
        # Before the index forgets that they were there.
        marks[PURGE] = PURGE
        write_marks(database.config, marks)
    with index.writing(expected=len(difference.added)) as writer:
        for kind, rows in difference.dropped.items():
            writer.drop(kind, rows)
        writer.add(difference.added)


def _stamps_in(index: WordIndex, source: Source) -> dict[int, int]:
    """How far each unit is in the index, as its first kind of document says."""
    found: dict[int, int] = {}
    for segment in index.segments():
        is_head = (segment.numbers("kind") == source.kinds[0]) & segment.live
        units, stamps = segment.numbers("unit")[is_head], segment.numbers("stamp")[is_head]
        found.update(zip(units.tolist(), stamps.tolist(), strict=True))
    return found
