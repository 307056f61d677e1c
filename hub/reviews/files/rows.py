"""The rows of a file as a review shows them: its hunks, what lies between them, and where talk stands. Pure.

Hunks come as HTML that `diff_rows` made and that was kept; each row of it ends with `</tr>` and says its line
numbers, and what comes from files is escaped in it, so that it is safe to look for both.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar

from markupsafe import Markup

from hub.repos.browsing.diffs.shown_diffs import ShownHunk

T = TypeVar("T")

_ROW_END: Final = "</tr>"
_PLACE: Final = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_OLD_NUMBER: Final = re.compile(r'<tr[^>]*><td class="no">(?:<a id="f\d+o\d+"[^>]*>)?(\d+)')
_NEW_NUMBER: Final = re.compile(r'<a id="[fm]\d+n(\d+)"')
_CHANGED: Final = re.compile(r'<tr class="|<td class="ln (?:add|del|void)"')
# Lines shown around one that is talked about, and how many one press of a link brings.
_AROUND: Final = 3
STEP: Final = 40


class At(NamedTuple):
    """A line of one side of a file."""

    is_old: bool
    line: int


class Lines(NamedTuple):
    """Lines of the new side, the first and the last."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Between:
    """Unchanged lines that no hunk shows; `count` is None for those that end with the file.

    `key` names the place for ever, however many of the lines are shown.
    """

    key: int
    old_first: int
    new_first: int
    count: int | None

    def new_line(self, at: At) -> int | None:
        """The line's number on the new side; None for one that is not here."""
        offset = at.line - (self.old_first if at.is_old else self.new_first)
        return (
            self.new_first + offset if offset >= 0 and (self.count is None or offset < self.count) else None
        )

    def old_line(self, new_line: int) -> int:
        """The number that a line of the new side has on the old one."""
        return self.old_first + new_line - self.new_first


@dataclass(frozen=True, slots=True)
class Left:
    """Lines that are left out; `last` is None where nobody counted them."""

    first: int
    last: int | None

    @property
    def count(self) -> int | None:
        """How many."""
        return None if self.last is None else self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Piece(Generic[T]):
    """Rows, and what is said below the last of them; or lines that are left out."""

    html: Markup = Markup("")
    talks: tuple[T, ...] = ()
    left: Left | None = None
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Block(Generic[T]):
    """A group of rows; `key` is that of lines between hunks, which a script puts in its place."""

    pieces: tuple[Piece[T], ...]
    key: int | None = None


class Bounds(NamedTuple):
    """Where a hunk begins on both sides, and how many lines of each it has."""

    old_first: int
    old_count: int
    new_first: int
    new_count: int


def bounds_of(hunk: ShownHunk) -> Bounds | None:
    """What `@@ -1,2 +3 @@` says; None for a hunk that began on an earlier page."""
    found = _PLACE.fullmatch(hunk.place)
    if found is None:
        return None
    old_first, old_count, new_first, new_count = (int(one) if one else 1 for one in found.groups())
    # Of no lines git names the one before them.
    return Bounds(old_first + (not old_count), old_count, new_first + (not new_count), new_count)


def list_between(hunks: Sequence[ShownHunk], *, is_whole: bool) -> list[Between | None]:
    """What lies before each hunk, and behind the last one if `is_whole`; None where there is nothing."""
    found: list[Between | None] = []
    old_next, new_next, is_known = 1, 1, True
    for hunk in hunks:
        bounds = bounds_of(hunk)
        count = bounds.new_first - new_next if bounds and is_known else 0
        found.append(Between(new_next, old_next, new_next, count) if count > 0 else None)
        is_known = bounds is not None
        if bounds is not None:
            old_next, new_next = bounds.old_first + bounds.old_count, bounds.new_first + bounds.new_count
    ends = is_whole and is_known
    found.append(Between(new_next, old_next, new_next, None) if ends else None)
    return found


def ends_unchanged(html: str) -> bool:
    """Whether a hunk ends with as many unchanged lines as git shows, so that more may follow."""
    rows = html.rsplit(_ROW_END, _AROUND + 1)
    return len(rows) > _AROUND + 1 and not any(_CHANGED.search(row) for row in rows[1:])


def around(line: int) -> Lines:
    """The lines that are shown with one that is talked about."""
    return Lines(max(1, line - _AROUND), line + _AROUND)


def merge(ranges: Iterable[Lines], first: int, last: int) -> list[Lines]:
    """The ranges in order, as far as they lie between these lines, those that touch as one."""
    merged: list[Lines] = []
    for one in sorted(ranges):
        start, end = max(one.first, first), min(one.last, last)
        if start > end:
            continue
        if merged and start <= merged[-1].last + 1:
            merged[-1] = Lines(merged[-1].first, max(merged[-1].last, end))
        else:
            merged.append(Lines(start, end))
    return merged


def fill_between(
    between: Between,
    ranges: Sequence[Lines],
    *,
    total: int,
    heading: str,
    draw: Callable[[Lines], Markup],
    talks: Mapping[At, tuple[T, ...]],
) -> Block[T]:
    """The lines between two hunks with those ranges of them shown; `total` is the length of the file."""
    last = total if between.count is None else between.new_first + between.count - 1
    pieces: list[Piece[T]] = []
    position = between.new_first
    for one in merge(ranges, between.new_first, last):
        if one.first > position:
            pieces.append(Piece(left=Left(position, one.first - 1)))
        pieces += weave(draw(one), talks)
        position = one.last + 1
    if position <= last:
        pieces.append(Piece(left=Left(position, last), heading=heading))
    return Block(tuple(pieces), between.key)


def weave(html: Markup, talks: Mapping[At, tuple[T, ...]]) -> list[Piece[T]]:
    """The rows cut wherever there is something to say below one of them."""
    if not talks:
        return [Piece(html)]
    pieces: list[Piece[T]] = []
    taken: list[str] = []
    for row in html.split(_ROW_END)[:-1]:
        taken += [row, _ROW_END]
        here = tuple(one for at in lines_of(row) for one in talks.get(at, ()))
        if here:
            pieces.append(Piece(Markup("".join(taken)), here))  # noqa: S704  # it was HTML before it was cut
            taken = []
    if taken:
        pieces.append(Piece(Markup("".join(taken))))  # noqa: S704
    return pieces


def lines_of(row: str) -> list[At]:
    """The lines that a row shows: one of each side at most."""
    old, new = _OLD_NUMBER.match(row), _NEW_NUMBER.search(row)
    return [At(is_old, int(found[1])) for is_old, found in ((True, old), (False, new)) if found is not None]


def holds(bounds: Bounds, at: At) -> bool:
    """Whether a hunk shows the line."""
    first, count = bounds[:2] if at.is_old else bounds[2:]
    return first <= at.line < first + count
