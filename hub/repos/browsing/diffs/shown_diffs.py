"""A diff as its page shows it: rows of HTML within what a browser can take, kept by the ids of the trees."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from markupsafe import Markup

from hub import highlight
from hub.kept import Kept
from hub.repos.browsing.diffs.diff_ink import Inked, ink
from hub.repos.browsing.diffs.diff_rows import draw
from hub.repos.browsing.spots import as_text
from hub.repos.git.diff_records import (
    FILE_LIMITS,
    PAGE_LIMITS,
    Diff,
    DiffOptions,
    Entry,
    FileDiff,
    FileStatus,
    Hunk,
    Limit,
)
from hub.repos.git.diffs import TreePair, read_diff, read_files

# Of whatever is kept: a change of what is written here, or of the rows, makes another number.
VERSION: Final = 3
# A page of 12,000 elements is where browsers and whoever reads for the blind begin to suffer. What stands
# around the rows takes some for each file.
MOST_ELEMENTS: Final = 10_500
_LEAST_ELEMENTS: Final = 1_500
_PER_FILE: Final = 28
_LEAST_PER_LINE: Final = 5
_MOST_INKED: Final = 3_000
_LONGEST_HEADING: Final = 200
_KIND: Final = "diff"


@dataclass(frozen=True, slots=True)
class View:
    """How somebody wants a diff shown. `no_end` is what they are told of a file without a last line feed.

    `most_elements` is what the page has room for, its rows and what stands around each file.
    """

    options: DiffOptions
    is_split: bool
    no_end: str
    most_elements: int = MOST_ELEMENTS

    @property
    def key(self) -> tuple[str | int, ...]:
        """What tells this view from others."""
        options = self.options
        own = (options.ignores_space, options.context_lines, self.is_split)
        return (VERSION, highlight.VERSION, *map(int, own), self.no_end, self.most_elements)


@dataclass(frozen=True, slots=True)
class ShownHunk:
    """Where a run of lines stands, what git takes it to be in, and its rows, which `draw` made safe.

    `lines` are those of the new side, of the old one for a file that is gone, as addresses have them.
    """

    place: str
    lines: str
    heading: str
    html: Markup


@dataclass(frozen=True, slots=True)
class ShownFile:
    """One file: what is known of it, without its lines, and those as rows.

    `next_row` is where the rest of a long file begins, None at its end.
    """

    diff: FileDiff
    hunks: tuple[ShownHunk, ...] = ()
    next_row: int | None = None

    @property
    def folder_text(self) -> str:
        """The folders of its path, with a slash at the end where there are any."""
        folder, slash, _ = as_text(self.diff.entry.path).rpartition("/")
        return folder + slash

    @property
    def name_text(self) -> str:
        """The last part of its path."""
        return as_text(self.diff.entry.path).rpartition("/")[2]

    @property
    def path_text(self) -> str:
        """Its path for people."""
        return as_text(self.diff.entry.path)

    @property
    def old_path_text(self) -> str:
        """The path that it had, for people."""
        return as_text(self.diff.entry.old_path)


@dataclass(frozen=True, slots=True)
class ShownDiff:
    """What differs, file by file; `whole` has the sums, and no files."""

    whole: Diff
    files: tuple[ShownFile, ...]

    @property
    def next_file(self) -> int | None:
        """The number of the first file that is not here, None where there are no others."""
        last = self.files[-1].diff.number if self.files else 0
        return last + 1 if last < self.whole.file_count else None


def show_diff(kept: Kept, pair: TreePair, view: View) -> ShownDiff:
    """The diff from its first file on; raises GitFailed and Unreadable."""
    key = _key(pair, view, "from", 1)
    found = _find(kept, key)
    if found is None:
        found = _in_rows(read_diff(pair, view.options, PAGE_LIMITS), view)
        if not found.whole.is_slow:
            kept.put(_KIND, *key, data=_pack(found))
    return found


def show_files(kept: Kept, pair: TreePair, view: View, *, first: int) -> ShownDiff:
    """The diff from that file on, without what stands before; raises what `read_files` raises."""
    key = _key(pair, view, "from", first)
    found = _find(kept, key)
    if found is None:
        found = _in_rows(read_files(pair, view.options, PAGE_LIMITS, first=first), view)
        kept.put(_KIND, *key, data=_pack(found))
    return found


def show_file(kept: Kept, pair: TreePair, view: View, *, number: int, first_row: int) -> ShownDiff:
    """One file of the diff, more of it than the whole would show; raises what `read_files` raises."""
    key = _key(pair, view, "file", number, first_row)
    found = _find(kept, key)
    if found is None:
        read = read_files(pair, view.options, FILE_LIMITS, first=number)
        files = tuple(_chunk(file, view, first_row) for file in read.files)
        found = ShownDiff(replace(read, files=()), files)
        kept.put(_KIND, *key, data=_pack(found))
    return found


def _key(pair: TreePair, view: View, *what: str | int) -> tuple[str | int, ...]:
    return (*view.key, pair.old_tree or "", pair.new_tree, *what)


def _in_rows(diff: Diff, view: View) -> ShownDiff:
    elements_left = max(view.most_elements - _PER_FILE * len(diff.files), _LEAST_ELEMENTS)
    inked = ink(diff.files, most_lines=elements_left // _LEAST_PER_LINE)
    files = []
    for file in diff.files:
        shown = _folded(file)
        if file.hunks and _count_lines(file) * _LEAST_PER_LINE <= elements_left:
            hunks = _hunks(file, view, inked.get(file.number))
            elements = sum(_count_elements(hunk.html) for hunk in hunks)
            if elements <= elements_left:
                elements_left -= elements
                shown = ShownFile(_without_lines(file), hunks)
        files.append(shown)
    return ShownDiff(replace(diff, files=()), tuple(files))


def _chunk(file: FileDiff, view: View, first_row: int) -> ShownFile:
    """The rows of a file from that one on, as many as a page takes."""
    elements_left, number = view.most_elements, 0
    shown: list[ShownHunk] = []
    drawn = _draw(file, view, ink([file], most_lines=_MOST_INKED).get(file.number))
    for hunk, rows in zip(file.hunks, drawn, strict=False):
        taken: list[str] = []
        begins_before = number < first_row
        for row in rows:
            if number >= first_row:
                elements_left -= _count_elements(row)
                if elements_left < 0 and (shown or taken):
                    break
                taken.append(row)
            number += 1
        if taken:
            shown.append(_shown_hunk(hunk, taken, place="" if begins_before else hunk.place))
        if elements_left < 0:
            return ShownFile(_without_lines(file), tuple(shown), next_row=number)
    return ShownFile(_without_lines(file), tuple(shown))


def _hunks(file: FileDiff, view: View, inked: Inked | None) -> tuple[ShownHunk, ...]:
    drawn = _draw(file, view, inked)
    return tuple(
        _shown_hunk(hunk, rows, place=hunk.place) for hunk, rows in zip(file.hunks, drawn, strict=False)
    )


def _draw(file: FileDiff, view: View, inked: Inked | None) -> list[list[str]]:
    if file.entry.status is not FileStatus.TYPE_CHANGED and file.entry.is_submodule:
        return []  # the ids say it all
    return draw(file, is_split=view.is_split, no_end=view.no_end, inked=inked)


def _shown_hunk(hunk: Hunk, rows: Sequence[str], *, place: str) -> ShownHunk:
    is_there = hunk.new_count > 0
    first, count = (hunk.new_start, hunk.new_count) if is_there else (hunk.old_start, hunk.old_count)
    heading = as_text(hunk.heading.strip())[:_LONGEST_HEADING]
    html = Markup("".join(rows))  # noqa: S704
    return ShownHunk(place, f"{first}-{first + count - 1}", heading, html)


def _folded(file: FileDiff) -> ShownFile:
    limit = Limit.TOTAL if file.hunks and not file.entry.is_submodule else file.limit
    return ShownFile(replace(file, hunks=(), limit=limit))


def _without_lines(file: FileDiff) -> FileDiff:
    return replace(file, hunks=())


def _count_lines(file: FileDiff) -> int:
    return sum(len(hunk.lines) for hunk in file.hunks)


def _count_elements(html: str) -> int:
    return html.count("</")


def _find(kept: Kept, key: tuple[str | int, ...]) -> ShownDiff | None:
    data = kept.get(_KIND, *key)
    return None if data is None else _unpack(data)


def _pack(diff: ShownDiff) -> bytes:
    whole = diff.whole
    sums = [whole.file_count, whole.added, whole.removed, whole.is_counted, whole.is_listed]
    return json.dumps([sums, [_pack_file(file) for file in diff.files]], separators=(",", ":")).encode()


# Any: what stands in a file of JSON.
def _pack_file(file: ShownFile) -> list[Any]:
    entry, diff = file.diff.entry, file.diff
    sides = [entry.old_mode, entry.new_mode, entry.old_id, entry.new_id, entry.similarity]
    facts = [diff.is_binary, diff.added, diff.removed, diff.limit, diff.old_bytes, diff.new_bytes]
    paths = [os.fsdecode(entry.old_path), os.fsdecode(entry.new_path)]
    hunks = [[hunk.place, hunk.lines, hunk.heading, hunk.html] for hunk in file.hunks]
    return [diff.number, entry.status, paths, sides, facts, hunks, file.next_row]


def _unpack(data: bytes) -> ShownDiff:
    sums, files = json.loads(data)
    return ShownDiff(Diff((), *sums), tuple(_unpack_file(file) for file in files))


def _unpack_file(packed: list[Any]) -> ShownFile:
    number, status, paths, sides, facts, hunks, next_row = packed
    old_path, new_path = map(os.fsencode, paths)
    entry = Entry(FileStatus(status), old_path, new_path, *sides)
    is_binary, added, removed, limit, *sizes = facts
    diff = FileDiff(number, entry, (), is_binary, added, removed, Limit(limit) if limit else None, *sizes)
    shown = tuple(
        ShownHunk(place, lines, heading, Markup(html))  # noqa: S704
        for place, lines, heading, html in hunks
    )
    return ShownFile(diff, shown, next_row)
