"""What the address of a page of files asks for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hub.repos.browsing.diffs.diff_pages import Asked, read_asked
from hub.reviews.files.rows import Lines

# One address opens so many places, each no longer than this.
_MOST_OPENED: Final = 30
MOST_LINES: Final = 400
_OPENED: Final = re.compile(r"(\d{1,5}):(\d{1,8})-(\d{1,8})")
_SIDES: Final = ("new", "old", "message")


@dataclass(frozen=True, slots=True)
class Commenting:
    """Where the form for a new comment is wanted; without lines it is about the file, or asks for them."""

    path: str
    side: str
    first_line: str
    last_line: str

    @property
    def line(self) -> int | None:
        """The line below which the form stands."""
        last = self.last_line or self.first_line
        return int(last) if last.isascii() and last.isdigit() and len(last) < 9 else None


@dataclass(frozen=True, slots=True)
class AskedFiles:
    """A part of a diff, what is opened between its hunks, and the form that is wanted on it.

    `opened` has lines by the number of their file; `edit` is the draft to be changed, `reply` the thread to
    be answered.
    """

    diff: Asked
    against: str | None
    single: str | None
    opened: Mapping[int, list[Lines]]
    comment: Commenting | None
    edit: int | None
    reply: int | None

    @property
    def query(self) -> dict[str, str | int | None]:
        """What is compared and how it is shown, as the query of an address has it."""
        return {**self.diff.query, "against": self.against, "commit": self.single}


def read_asked_files(arguments: Mapping[str, str]) -> AskedFiles:
    """What the query of an address asks; what makes no sense there counts for nothing."""
    return AskedFiles(
        diff=read_asked(arguments),
        against=arguments.get("against") or None,
        single=arguments.get("commit") or None,
        opened=_read_opened(arguments.get("lines", "")),
        comment=_read_commenting(arguments),
        edit=_number(arguments.get("edit")),
        reply=_number(arguments.get("reply")),
    )


def write_opened(opened: Mapping[int, list[Lines]], file: int, lines: Lines) -> str:
    """What is opened, and these lines of a file too, as an address has it."""
    every = [(number, one) for number, ranges in opened.items() for one in ranges] + [(file, lines)]
    return ",".join(f"{number}:{one.first}-{one.last}" for number, one in every[-_MOST_OPENED:])


def _read_opened(given: str) -> dict[int, list[Lines]]:
    found: dict[int, list[Lines]] = {}
    for part in given.split(",")[:_MOST_OPENED]:
        match = _OPENED.fullmatch(part)
        if match is None:
            continue
        number, first, last = map(int, match.groups())
        if 1 <= first <= last:
            found.setdefault(number, []).append(Lines(first, min(last, first + MOST_LINES - 1)))
    return found


def _read_commenting(arguments: Mapping[str, str]) -> Commenting | None:
    path = arguments.get("comment")
    side = arguments.get("side", "new")
    if not path or side not in _SIDES:
        return None
    first, last = arguments.get("first", ""), arguments.get("last", "")
    return Commenting(path, side, first[:9], last[:9])


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 10 else None
