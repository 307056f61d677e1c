"""Which part of a diff a page shows, how, and the addresses of its other parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from hub.errors import NotFound, Text, text
from hub.kept import Kept
from hub.repos.browsing.diffs.shown_diffs import (
    MOST_ELEMENTS,
    ShownDiff,
    View,
    show_diff,
    show_file,
    show_files,
)
from hub.repos.browsing.spots import Spot
from hub.repos.git.diff_parser import TooManyEntries
from hub.repos.git.diff_records import DiffOptions
from hub.repos.git.diffs import TreePair
from hub.repos.git.objects import Unreadable
from hub.repos.git.process import GitFailed, GitTooSlow

# Said of a file without a line feed at its end, in the rows themselves.
NO_END: Final = text("no line feed at the end")
_MOST_NUMBER: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class Side:
    """Where the files of one side are found: a repository's `owner/name`, and a commit there."""

    path: str
    spot: Spot


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks of a diff: one file from a row on, or all files from a number on."""

    is_split: bool = False
    ignores_space: bool = False
    file: int | None = None
    row: int = 0
    first: int = 1

    @property
    def query(self) -> dict[str, str | int | None]:
        """How it is shown, as the query of an address has it."""
        return {"view": "split" if self.is_split else None, "w": 1 if self.ignores_space else None}


def read_asked(arguments: Mapping[str, str]) -> Asked:
    """What the query of an address asks; what makes no sense there counts for nothing."""
    file = _number(arguments.get("file"))
    return Asked(
        is_split=arguments.get("view") == "split",
        ignores_space=arguments.get("w") == "1",
        file=file or None,
        row=_number(arguments.get("row")) or 0,
        first=max(_number(arguments.get("from")) or 1, 1),
    )


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 8 else None


@dataclass(frozen=True, slots=True)
class DiffPage:
    """A diff on a page: the part that was asked for, or in `fault` why there is none.

    `address` may name branches; files are numbered, so that their addresses begin with the `fixed_address`,
    which has ids. `old` and `new` are where files are found; a commit without a parent has no old side.
    """

    address: str
    fixed_address: str
    asked: Asked
    old: Side | None
    new: Side
    diff: ShownDiff | None
    fault: Text | None = None
    text_address: str | None = None

    def at(self, **changes: str | int | None) -> str:
        """The address of another part, shown in the same way."""
        return with_query(self.fixed_address, {**self.asked.query, **changes})

    def here(self, **changes: str | int | None) -> str:
        """The address of this part, shown in another way; None leaves something out."""
        asked = self.asked
        part = {
            "file": asked.file,
            "row": asked.row or None,
            "from": asked.first if asked.first > 1 else None,
        }
        return with_query(self.address, {**asked.query, **part, **changes})


def with_query(address: str, query: Mapping[str, str | int | None]) -> str:
    """The address with a query of what is not None."""
    given = {name: value for name, value in query.items() if value is not None}
    return address + ("?" + urlencode(given) if given else "")


def view_of(asked: Asked, *, no_end: str, most_elements: int = MOST_ELEMENTS) -> View:
    """How an address wants a diff shown; `no_end` is NO_END in the reader's language."""
    return View(DiffOptions(ignores_space=asked.ignores_space), asked.is_split, no_end, most_elements)


def find_diff(kept: Kept, pair: TreePair, asked: Asked, view: View) -> tuple[ShownDiff | None, Text | None]:
    """The part of the diff that was asked for, or why it cannot be shown; raises NotFound."""
    try:
        if asked.file is not None:
            found = show_file(kept, pair, view, number=asked.file, first_row=asked.row)
        elif asked.first > 1:
            found = show_files(kept, pair, view, first=asked.first)
        else:
            found = show_diff(kept, pair, view)
    except (GitTooSlow, TooManyEntries):
        return None, text("git took too long to compare this. Compare it in a clone of your own.")
    except (GitFailed, Unreadable):
        return None, text("git cannot compare this: an object is missing or damaged.")
    if not found.files and (asked.file is not None or asked.first > 1):
        raise NotFound(
            text("There is no such file in this diff."),
            text("It changes %(count)s files.", count=found.whole.file_count),
            text("Open the diff without the end of this address."),
        )
    return found, None
