"""Which lines of a file a page shows, and which of them are marked. Pure."""

import re
from dataclasses import dataclass
from typing import Final

_RANGE: Final = re.compile(r"L?(\d{1,9})(?:-L?(\d{1,9}))?")


@dataclass(frozen=True, slots=True)
class LineRange:
    """Lines `first` to `last`, counted from 1, both included."""

    first: int
    last: int

    @property
    def query(self) -> str:
        """The range as it stands in an address."""
        return f"{self.first}-{self.last}"


@dataclass(frozen=True, slots=True)
class Window:
    """The lines that a page shows, those marked among them, and the chunks before and behind."""

    shown: LineRange
    marked: LineRange | None
    total: int
    previous: LineRange | None
    following: LineRange | None

    @property
    def is_whole(self) -> bool:
        """Whether the whole file is shown."""
        return self.previous is None and self.following is None


def read_range(asked: str | None) -> LineRange | None:
    """The range that somebody wrote as `19`, `19-25` or `L19-L25`; None for anything else."""
    match = _RANGE.fullmatch(asked or "")
    if match is None:
        return None
    one, other = int(match[1]), int(match[2] or match[1])
    first, last = sorted((one, other))
    return LineRange(first, last) if first else None


def window_of(total: int, asked: LineRange | None, *, chunk_lines: int) -> Window:
    """What a page shows of a file of so many lines: one chunk, or two where a marked range needs them.

    A range that is a whole chunk asks for that chunk; any other is marked in the chunk it begins in.
    """
    count = max(1, -(-total // chunk_lines))
    chunk = 0 if asked is None or asked.first > total else (asked.first - 1) // chunk_lines
    is_chunk = asked is not None and asked == _chunk(chunk, chunk_lines, total)
    marked = None
    if asked is not None and not is_chunk and asked.first <= total:
        marked = LineRange(asked.first, min(asked.last, total, (chunk + 2) * chunk_lines))
    last_chunk = chunk if marked is None else (marked.last - 1) // chunk_lines
    shown = LineRange(_chunk(chunk, chunk_lines, total).first, _chunk(last_chunk, chunk_lines, total).last)
    return Window(
        shown=shown,
        marked=marked,
        total=total,
        previous=_chunk(chunk - 1, chunk_lines, total) if chunk else None,
        following=_chunk(last_chunk + 1, chunk_lines, total) if last_chunk + 1 < count else None,
    )


def _chunk(number: int, chunk_lines: int, total: int) -> LineRange:
    first = number * chunk_lines + 1
    return LineRange(first, max(first, min(first + chunk_lines - 1, total)))
