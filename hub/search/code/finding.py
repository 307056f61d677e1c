"""Finds code for somebody: in what they may see, the best files first, or every line there is."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.config import Config
from hub.search.code.counting import Counts, count_found, rounded
from hub.search.code.folders import index_folder, note_damage
from hub.search.code.places import Place, Places, Views
from hub.search.code.queries import CodeQuery
from hub.search.engine.candidates import Budget, PathTest
from hub.search.engine.completions import complete, written_name
from hub.search.engine.damage import IndexDamaged
from hub.search.engine.documents import stored_path
from hub.search.engine.index import CodeIndex
from hub.search.engine.lines import MOST_COUNTED, Line, Passages, every_line, passages_of
from hub.search.engine.numbers import Shown, up_to
from hub.search.engine.pages import Hit, Page, Visible, Walk, search
from hub.search.engine.patterns import exactly
from hub.search.engine.segments import Segment
from hub.search.engine.tally import Tally, tally

PAGE_FILES: Final = 20
MOST_PAGES: Final = 25
LINES_SHOWN: Final = 3

# Names that are offered of each kind.
NAMES_SHOWN: Final = 3
# Lines with a match that are shown of one file by itself.
FILE_LINES: Final = 200

_MOST_BYTES: Final = 256 << 20
_SECONDS: Final = 3.0
# What counting may read: more than that is estimated.
_COUNTED_BYTES: Final = 8 << 20
_COUNTED_SECONDS: Final = 0.1
_BEFORE: Final = -1
# Of one pattern in one file; a file has at most two million bytes.
_EVERY: Final = 1 << 21


@dataclass(frozen=True, slots=True)
class Mark:
    """Where somebody is in their results: what was indexed later is left out, and `last` was shown last.

    Without `last` a page begins where so many before it end.
    """

    newest: int
    last: int | None = None


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file in which something was found. `elsewhere` are the other places that show the same."""

    place: Place
    elsewhere: tuple[Place, ...]
    path: bytes
    lines: Passages


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """A page of files. `total` is estimated unless it `is_exact`; `is_partial`: the time did not suffice.

    `mark` is what the pages beside this one are asked with.
    """

    files: tuple[FoundFile, ...]
    total: int
    is_exact: bool
    is_partial: bool
    has_more: bool
    places: int
    counts: Counts
    mark: Mark


@dataclass(frozen=True, slots=True)
class FoundLine:
    """One line, and where it is. `cursor` names what follows it."""

    place: Place
    path: bytes
    line: Line
    cursor: str


@dataclass(frozen=True, slots=True)
class FoundName:
    """A name that begins like what somebody types, and a file that bears or defines it."""

    name: bytes
    path: bytes
    place: Place


@dataclass(frozen=True, slots=True)
class FoundLines:
    """Some lines in a fixed order; `cursor` is None where there are no more."""

    lines: tuple[FoundLine, ...]
    cursor: str | None
    is_partial: bool


def _usual_budget() -> Budget:
    return Budget(most_bytes=_MOST_BYTES, seconds=_SECONDS)


class CodeSearch:
    """The search of one process: the index as it was committed last, and views that were unpacked."""

    def __init__(self, config: Config, budget: Callable[[], Budget] = _usual_budget) -> None:
        self._config, self._budget = config, budget
        self._index: CodeIndex | None = None
        self._views = Views()
        self._lock = threading.Lock()

    def files(
        self, session: Session, viewer: Viewer, query: CodeQuery, *, page: int = 1, mark: Mark | None = None
    ) -> FoundFiles:
        """The best files, a page of them, counted from 1.

        Pages that are asked with the mark of the one before hold every file once while nothing but new files
        come; the files that follow one that is gone move up, and none of them is passed over.
        """
        segments, places = self.look(session, viewer, query)
        newest = max((int(one.numbers.max()) for one in segments if len(one.numbers)), default=0)
        mark = mark or Mark(newest)
        shown = up_to(mark.newest, places.shown) if mark.newest < newest else places.shown
        wanted = PAGE_FILES * min(page, MOST_PAGES)
        # What came before the last one moves it away: by as much as a page it is followed.
        most = wanted + 1 + PAGE_FILES * (mark.last is not None)
        found = search(segments, query.alternatives, shown, most=most, budget=self._budget())
        begin = _begin(found, mark, wanted - PAGE_FILES)
        hits = found.hits[begin : begin + PAGE_FILES]
        holding = places.holding([one.number for one in hits])
        counted = _tally(found, segments, query, shown)
        return FoundFiles(
            files=tuple(_file(one, holding[one.number], query) for one in hits),
            total=max(
                rounded(counted.estimate(len(counted.documents)), is_exact=counted.is_exact), len(found.found)
            ),
            is_exact=counted.is_exact,
            is_partial=found.is_partial,
            has_more=len(found.hits) > begin + PAGE_FILES and page < MOST_PAGES,
            places=len(places.all),
            counts=count_found(counted, places, query),
            mark=Mark(mark.newest, hits[-1].number if hits else None),
        )

    def file(
        self, session: Session, viewer: Viewer, query: CodeQuery, *, within: tuple[str, bytes], after: int = 0
    ) -> FoundFile | None:
        """One file, of a repository and at a path, with the lines behind `after` in which something is found.

        None where the query does not find it there.
        """
        segments, places = self.look(session, viewer, query)
        repository, path = within
        place = places.at(repository)
        if place is None:
            return None
        shown = Shown([places.numbers_of(place)])
        is_it = PathTest(exactly(stored_path(path)))
        at_path = [replace(one, paths=(*one.paths, is_it)) for one in query.alternatives]
        found = search(segments, at_path, shown, most=1, budget=self._budget())
        for one in found.hits:
            return _file(one, [place], query, most=FILE_LINES, after=after)
        return None

    def lines(
        self, session: Session, viewer: Viewer, query: CodeQuery, *, most: int, after: str = ""
    ) -> FoundLines:
        """Every line in which something is found, so many at a time, each in each place that shows it.

        `after` is the cursor of an earlier answer; raises ValueError for what is none.
        """
        segments, places = self.look(session, viewer, query)
        start = _read_cursor(after)
        walk = Walk(segments, query.alternatives, places.shown, max(start[0], 0), self._budget())
        found: list[FoundLine] = []
        for segment, document in walk:
            for one in _lines_of(segment, document, query, places):
                if _read_cursor(one.cursor) <= start:
                    continue
                if len(found) == most:
                    return FoundLines(tuple(found), found[-1].cursor, is_partial=False)
                found.append(one)
        if walk.budget.is_spent:
            return FoundLines(tuple(found), f"{walk.reached}.{_BEFORE}.{_BEFORE}", is_partial=True)
        return FoundLines(tuple(found), None, is_partial=False)

    def names(
        self, session: Session, viewer: Viewer, query: CodeQuery, *, field: str, prefix: str
    ) -> list[FoundName]:
        """What begins like this where the query looks: `name`s of files, or `symbol`s that they define."""
        segments, places = self.look(session, viewer, query)
        found = complete(segments, field, prefix.lower().encode(), places.shown, most=NAMES_SHOWN)
        holding = places.holding([hit.number for one in found for hit in one.hits])
        return [
            FoundName(
                written_name(one.name, hit) if field == "symbol" else one.name,
                hit.path,
                holding[hit.number][0],
            )
            for one in found
            for hit in one.hits
        ]

    def look(self, session: Session, viewer: Viewer, query: CodeQuery) -> tuple[Sequence[Segment], Places]:
        """What is searched for a query, for that viewer: the index as it is, and what of it is shown."""
        with self._lock:
            # Places before segments: what a view shows was committed to the index before.
            places = self._views.find(session, viewer, query)
            return (self._segments() if places.all else ()), places

    def _segments(self) -> Sequence[Segment]:
        while True:
            folder = index_folder(self._config)
            try:
                if self._index is None or self._index.folder != folder:
                    self._forget_index()
                    self._index = CodeIndex(folder, must_exist=True)
                return self._index.segments()
            except IndexDamaged:
                self._forget_index()
                # Another one may have taken its place meanwhile.
                if folder == index_folder(self._config):
                    note_damage(self._config)
                    raise

    def _forget_index(self) -> None:
        if self._index is not None:
            self._index.close()
        self._index = None


def _begin(found: Page, mark: Mark, usually: int) -> int:
    """Where the page begins: behind what was shown last, where that is still there."""
    behind = (at + 1 for at, one in enumerate(found.hits) if one.number == mark.last)
    return next(behind, usually)


def _tally(found: Page, segments: Sequence[Segment], query: CodeQuery, shown: Visible) -> Tally:
    if found.is_exact:
        return Tally(tuple((one.segment, one.document) for one in found.found), is_exact=not found.is_partial)
    budget = Budget(most_bytes=_COUNTED_BYTES, seconds=_COUNTED_SECONDS)
    return tally(segments, query.alternatives, shown, budget=budget)


def _file(
    hit: Hit, places: Sequence[Place], query: CodeQuery, *, most: int = LINES_SHOWN, after: int = 0
) -> FoundFile:
    first, *others = places
    code = hit.segment.code
    assert code is not None, "what was found has a text"
    counted = MOST_COUNTED if most == LINES_SHOWN else _EVERY
    lines = passages_of(
        code,
        hit.document,
        query.alternatives,
        most=most,
        after=after,
        symbols=query.symbols,
        counted=counted,
    )
    return FoundFile(first, tuple(others), hit.path, lines)


def _lines_of(segment: Segment, document: int, query: CodeQuery, places: Places) -> Iterator[FoundLine]:
    assert segment.code is not None, "what was found has a text"
    number = int(segment.numbers[document])
    hit = Hit(segment, document, 0.0)
    by_number = {one.number: one for one in every_line(segment.code, document, query.alternatives)}
    for place in sorted(places.holding([number])[number], key=lambda one: one.repository_id):
        for line in (by_number[one] for one in sorted(by_number)):
            cursor = f"{number}.{place.repository_id}.{line.number}"
            yield FoundLine(place, hit.path, line, cursor)


def _read_cursor(cursor: str) -> tuple[int, int, int]:
    if not cursor:
        return (_BEFORE, _BEFORE, _BEFORE)
    number, repository, line = cursor.split(".")
    return int(number), int(repository), int(line)
