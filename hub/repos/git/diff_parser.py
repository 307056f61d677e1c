"""Reads what `git diff-tree --raw -z -p` prints into records. Pure: bytes in, records out."""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from hub.repos.git.diff_records import (
    MOST_FILE_BYTES,
    MOST_FILE_LINES,
    Diff,
    DiffLine,
    Entry,
    FileDiff,
    FileStatus,
    Hunk,
    Limit,
    Limits,
    LineKind,
)

_RAW: Final = re.compile(rb":([0-7]{6}) ([0-7]{6}) ([0-9a-f]+) ([0-9a-f]+) ([A-Z])([0-9]*)")
_HUNK: Final = re.compile(rb"@@ -([0-9]+)(?:,([0-9]+))? \+([0-9]+)(?:,([0-9]+))? @@ ?(.*)", re.DOTALL)
_FILE: Final = b"diff --git "
_NAMED_ESCAPES: Final = {
    7: b"\\a",
    8: b"\\b",
    9: b"\\t",
    10: b"\\n",
    11: b"\\v",
    12: b"\\f",
    13: b"\\r",
    34: b'\\"',
    92: b"\\\\",
}
_QUOTED: Final = re.compile(rb'[\x00-\x1f"\\\x7f-\xff]')
_KINDS: Final = {b"+": LineKind.ADDED, b"-": LineKind.REMOVED}
_NO_END: Final = b"\\"


class TooManyEntries(Exception):
    """Two trees differ in more paths than anybody looks at."""


def parse_entries(lines: Iterator[bytes], *, most: int) -> tuple[list[Entry], bytes]:
    """The entries of the first part, and the first line of the patch behind it, empty where there is none.

    `lines` are those of the output without their ends; names may hold line feeds. Raises TooManyEntries.
    """
    parts = _Parts(lines)
    entries: list[Entry] = []
    while (head := parts.next_head()) is not None:
        if len(entries) == most:
            raise TooManyEntries
        found = _RAW.fullmatch(head)
        if found is None:
            raise ValueError(f"no entry of git diff-tree --raw: {head!r}")
        old_mode, new_mode, old_id, new_id, letter, score = found.groups()
        status = FileStatus(letter.decode())
        old_path = parts.next_part()
        has_two = status in (FileStatus.RENAMED, FileStatus.COPIED)
        new_path = parts.next_part() if has_two else old_path
        entries.append(
            Entry(
                status,
                old_path,
                new_path,
                int(old_mode, 8),
                int(new_mode, 8),
                _id_or_none(old_id),
                _id_or_none(new_id),
                int(score) if has_two else None,
            )
        )
    return entries, parts.rest()


def _id_or_none(value: bytes) -> str | None:
    return value.decode() if value.strip(b"0") else None


class _Parts:
    """What stands between NULs, over the ends of lines."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._held = next(lines, b"")
        self._at = 0

    def next_head(self) -> bytes | None:
        """The next part, if an entry begins here."""
        return self.next_part() if self._held[self._at : self._at + 1] == b":" else None

    def next_part(self) -> bytes:
        """Everything up to the next NUL."""
        while (end := self._held.find(b"\0", self._at)) < 0:
            self._held, self._at = self._held[self._at :] + b"\n" + next(self._lines), 0
        part, self._at = self._held[self._at : end], end + 1
        return part

    def rest(self) -> bytes:
        """What is left of the line; a NUL stands between the entries and the patch."""
        return self._held[self._at :].removeprefix(b"\0")


def parse_diff(
    lines: Iterator[bytes], limits: Limits, *, numbers: Mapping[tuple[bytes, bytes], int] | None = None
) -> Diff:
    """The diff as far as the limits allow; may stop before the end of `lines`.

    `numbers` are those of the files that are wanted, by their old and new paths; all are where it is None.
    Raises TooManyEntries.
    """
    entries, line = parse_entries(lines, most=limits.paths)
    if numbers is None:
        shown = entries[: limits.files]
        numbers = {(one.old_path, one.new_path): number for number, one in enumerate(shown, 1)}
    reading = _Reading(lines, line, limits)
    files = []
    for entry in entries:
        number = numbers.get((entry.old_path, entry.new_path), 0)
        file = reading.read_file(number, entry)
        if number:
            files.append(file)
    return Diff(tuple(files), len(entries), reading.added, reading.removed, is_counted=not reading.is_over)


class _Reading:
    """Goes through the patch, and knows what the limits leave of it."""

    def __init__(self, lines: Iterator[bytes], line: bytes, limits: Limits) -> None:
        self._lines = lines
        self._line = line  # the first one of the next file
        self._limits = limits
        self._lines_left = limits.total_lines
        self._bytes_left = limits.total_bytes
        self._read_bytes = 0
        self.added = 0
        self.removed = 0

    @property
    def is_over(self) -> bool:
        """Whether so much was read that the rest is not even counted."""
        return self._read_bytes > self._limits.counted_bytes

    def read_file(self, number: int, entry: Entry) -> FileDiff:
        """The next file; git prints nothing for one in which there is nothing to see, as with -w."""
        unread = FileDiff(number, entry, added=None, removed=None, limit=Limit.UNREAD)
        if self.is_over:
            return unread
        header = quote_header(entry)
        block = _Block(self._limits, self._lines_left, self._bytes_left)
        # What changes its type stands there twice: deleted, and added.
        for _ in range(2):
            if self._line == header and not self.is_over:
                self._read_block(block)
        if self.is_over and not block.is_whole:
            return unread
        self.added += block.added
        self.removed += block.removed
        if block.limit is None:
            self._lines_left -= block.lines
            self._bytes_left -= block.size_bytes
        hunks = tuple(one.as_hunk() for one in block.hunks)
        return FileDiff(number, entry, hunks, block.is_binary, block.added, block.removed, block.limit)

    def _read_block(self, block: "_Block") -> None:
        block.is_whole = False
        for line in self._lines:
            self._read_bytes += len(line) + 1
            if self.is_over:
                return
            if line.startswith(_FILE) and not block.is_inside_hunk:
                self._line = line
                break
            block.take(line)
        else:
            self._line = b""
        block.is_whole = True


@dataclass(slots=True)
class _OpenHunk:
    """A hunk while it is read: the numbers of its next lines, and how many are to come on each side."""

    start: tuple[int, int, int, int]
    heading: bytes
    old_number: int
    new_number: int
    old_left: int
    new_left: int
    lines: list[DiffLine]

    def as_hunk(self) -> Hunk:
        """The record."""
        return Hunk(*self.start, self.heading, tuple(self.lines))


class _Block:
    """One file, while it is read."""

    def __init__(self, limits: Limits, lines_left: int, bytes_left: int) -> None:
        self._limits = limits
        self._lines_left = min(lines_left, limits.file_lines)
        self._bytes_left = min(bytes_left, limits.file_bytes)
        self._hunk: _OpenHunk | None = None
        self.hunks: list[_OpenHunk] = []
        self.is_binary = False
        self.is_whole = True
        self.added = 0
        self.removed = 0
        self.lines = 0
        self.size_bytes = 0
        self.limit: Limit | None = None

    @property
    def is_inside_hunk(self) -> bool:
        """Whether the next line is one of a file, whatever it looks like."""
        return self._hunk is not None and (self._hunk.old_left > 0 or self._hunk.new_left > 0)

    def take(self, line: bytes) -> None:
        """Reads the next line of git's."""
        if self._hunk is not None and (self.is_inside_hunk or line.startswith(_NO_END)):
            self._take_line(self._hunk, line)
        elif line.startswith(b"@@ "):
            self._begin_hunk(line)
        elif line.startswith(b"Binary files "):
            self.is_binary = True

    def _begin_hunk(self, line: bytes) -> None:
        found = _HUNK.fullmatch(line)
        if found is None:
            raise ValueError(f"no head of a hunk: {line!r}")
        old, old_count, new, new_count = (1 if one is None else int(one) for one in found.groups()[:4])
        start = (old, old_count, new, new_count)
        self._hunk = _OpenHunk(start, found[5], old, new, old_count, new_count, [])
        if self.limit is None:
            self.hunks.append(self._hunk)

    def _take_line(self, hunk: _OpenHunk, line: bytes) -> None:
        sign = line[:1]
        if sign == _NO_END:
            if hunk.lines:
                hunk.lines[-1] = hunk.lines[-1]._replace(has_end=False)
            return
        old, new = hunk.old_number, hunk.new_number
        if sign == b"+":
            self.added += 1
        else:
            hunk.old_number += 1
            hunk.old_left -= 1
        if sign == b"-":
            self.removed += 1
        else:
            hunk.new_number += 1
            hunk.new_left -= 1
        self.lines += 1
        self.size_bytes += len(line) + 1
        if self.lines > self._lines_left or self.size_bytes > self._bytes_left:
            self._give_up()
        if self.limit is None:
            kind = _KINDS.get(sign, LineKind.CONTEXT)
            numbers = (None if sign == b"+" else old, None if sign == b"-" else new)
            hunk.lines.append(DiffLine(kind, *numbers, line[1:]))

    def _give_up(self) -> None:
        """Leaves the lines of this file out, and sets how far it is still worth counting them."""
        limits = self._limits
        if self.lines > MOST_FILE_LINES or self.size_bytes > MOST_FILE_BYTES:
            self.limit = Limit.FILE
            self._lines_left = self._bytes_left = sys.maxsize
        else:
            is_long = self.lines > limits.file_lines or self.size_bytes > limits.file_bytes
            self.limit = Limit.FOLDED if is_long else Limit.TOTAL
            self._lines_left, self._bytes_left = MOST_FILE_LINES, MOST_FILE_BYTES
        self.hunks.clear()
        if self._hunk is not None:
            self._hunk.lines.clear()


def quote_header(entry: Entry) -> bytes:
    """The line with which git begins the patch of this entry."""
    return _FILE + quote_path(b"a/" + entry.old_path) + b" " + quote_path(b"b/" + entry.new_path)


def quote_path(path: bytes) -> bytes:
    """The path as git prints it: in quotes and with escapes if a character needs that (core.quotePath)."""
    if not _QUOTED.search(path):
        return path
    return b'"' + _QUOTED.sub(_escape, path) + b'"'


def _escape(found: re.Match[bytes]) -> bytes:
    code = found[0][0]
    return _NAMED_ESCAPES.get(code, b"\\%03o" % code)
