"""Finds code for somebody: in what they may see, the best files first, or every line there is."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.config import Config
from hub.search.code.folders import index_folder, note_damage
from hub.search.code.places import Place, Places, Views
from hub.search.code.queries import CodeQuery
from hub.search.engine.candidates import Budget
from hub.search.engine.damage import IndexDamaged
from hub.search.engine.index import CodeIndex
from hub.search.engine.lines import Line, every_line, passages_of
from hub.search.engine.pages import Hit, in_order, search
from hub.search.engine.segments import Segment

PAGE_FILES: Final = 20
MOST_PAGES: Final = 25
LINES_SHOWN: Final = 5

_MOST_BYTES: Final = 256 << 20
_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file in which something was found. `elsewhere` are the other places that show the same."""

    place: Place
    elsewhere: tuple[Place, ...]
    path: bytes
    passages: list[list[Line]]


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """A page of files. `total` is estimated unless it `is_exact`; `is_partial`: the time did not suffice."""

    files: tuple[FoundFile, ...]
    total: int
    is_exact: bool
    is_partial: bool
    has_more: bool
    places: int


@dataclass(frozen=True, slots=True)
class FoundLine:
    """One line, and where it is. `cursor` names what follows it."""

    place: Place
    path: bytes
    line: Line
    cursor: str


@dataclass(frozen=True, slots=True)
class FoundLines:
    """Some lines in a fixed order; `cursor` is None where there are no more."""

    lines: tuple[FoundLine, ...]
    cursor: str | None
    is_partial: bool


class CodeSearch:
    """The search of one process: the index as it was committed last, and views that were unpacked."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._index: CodeIndex | None = None
        self._views = Views()
        self._lock = threading.Lock()

    def files(self, session: Session, viewer: Viewer, query: CodeQuery, *, page: int = 1) -> FoundFiles:
        """The best files, a page of them, counted from 1."""
        segments, places = self._look(session, viewer, query)
        wanted = PAGE_FILES * min(page, MOST_PAGES)
        budget = Budget(most_bytes=_MOST_BYTES, seconds=_SECONDS)
        found = search(segments, query.alternatives, places.shown, most=wanted + 1, budget=budget)
        hits = found.hits[wanted - PAGE_FILES : wanted]
        holding = places.holding([one.number for one in hits])
        return FoundFiles(
            files=tuple(_file(one, holding[one.number]) for one in hits),
            total=found.total,
            is_exact=found.is_exact,
            is_partial=found.is_partial,
            has_more=len(found.hits) > wanted and page < MOST_PAGES,
            places=len(places.all),
        )

    def lines(
        self, session: Session, viewer: Viewer, query: CodeQuery, *, most: int, after: str = ""
    ) -> FoundLines:
        """Every line in which something is found, so many at a time, each in each place that shows it.

        `after` is the cursor of an earlier answer; raises ValueError for what is none.
        """
        segments, places = self._look(session, viewer, query)
        budget = Budget(most_bytes=_MOST_BYTES, seconds=_SECONDS)
        start = _read_cursor(after)
        found: list[FoundLine] = []
        for segment, document in in_order(segments, query.alternatives, places.shown, start[0], budget):
            for one in _lines_of(segment, document, query, places):
                if _read_cursor(one.cursor) <= start:
                    continue
                if len(found) == most:
                    return FoundLines(tuple(found), found[-1].cursor, is_partial=False)
                found.append(one)
        if budget.is_spent:
            return FoundLines(tuple(found), found[-1].cursor if found else after or None, is_partial=True)
        return FoundLines(tuple(found), None, is_partial=False)

    def _look(self, session: Session, viewer: Viewer, query: CodeQuery) -> tuple[Sequence[Segment], Places]:
        with self._lock:
            # Places before segments: what a view shows was committed to the index before.
            places = self._views.find(session, viewer, query)
            return (self._segments() if places.all else ()), places

    def _segments(self) -> Sequence[Segment]:
        folder = index_folder(self._config)
        try:
            if self._index is None or self._index.folder != folder:
                self._forget_index()
                self._index = CodeIndex(folder, must_exist=True)
            return self._index.segments()
        except IndexDamaged:
            # Another one may have taken its place meanwhile.
            if folder == index_folder(self._config):
                note_damage(self._config)
            self._forget_index()
            raise

    def _forget_index(self) -> None:
        if self._index is not None:
            self._index.close()
        self._index = None


def _file(hit: Hit, places: Sequence[Place]) -> FoundFile:
    first, *others = places
    return FoundFile(first, tuple(others), hit.path, passages_of(hit, most=LINES_SHOWN))


def _lines_of(segment: Segment, document: int, query: CodeQuery, places: Places) -> Iterator[FoundLine]:
    assert segment.code is not None, "what was found has a text"
    number = int(segment.numbers[document])
    hit = Hit(segment, document, 0.0, ())
    by_number = {
        line.number: line
        for wanted in query.alternatives
        for line in every_line(segment.code, document, wanted)
    }
    for place in sorted(places.holding([number])[number], key=lambda one: one.repository_id):
        for line in (by_number[one] for one in sorted(by_number)):
            cursor = f"{number}.{place.repository_id}.{line.number}"
            yield FoundLine(place, hit.path, line, cursor)


def _read_cursor(cursor: str) -> tuple[int, int, int]:
    if not cursor:
        return (-1, -1, -1)
    number, repository, line = cursor.split(".")
    return int(number), int(repository), int(line)
