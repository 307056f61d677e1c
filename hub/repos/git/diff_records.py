"""What a diff is: files, hunks and lines as plain records, with what was left out of them and why."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

SUBMODULE_MODE: Final = 0o160000
LINK_MODE: Final = 0o120000
_KIND_BITS: Final = 0o170000


class FileStatus(StrEnum):
    """What became of a file, by the letters of git-diff-tree(1)."""

    ADDED = "A"
    DELETED = "D"
    MODIFIED = "M"
    RENAMED = "R"
    COPIED = "C"
    TYPE_CHANGED = "T"


class LineKind(StrEnum):
    """What became of a line, by the first character that git prints."""

    CONTEXT = " "
    ADDED = "+"
    REMOVED = "-"


class Limit(StrEnum):
    """Why the lines of a file are not there."""

    FOLDED = "folded"  # more than is shown unasked: this file alone may be asked for
    TOTAL = "total"  # the files before it filled what one diff may hold: the same
    FILE = "file"  # more than is shown at all
    UNREAD = "unread"  # reading stopped before it: its lines are not even counted
    SIZE = "size"  # the file is larger than what git compares line by line


# A tuple, because a diff has thousands.
class DiffLine(NamedTuple):
    """One line of a hunk, without its line feed; `has_end` is false where the file ends without one."""

    kind: LineKind
    old_number: int | None
    new_number: int | None
    text: bytes
    has_end: bool = True


@dataclass(frozen=True, slots=True)
class Hunk:
    """A run of lines. `heading` is the line before it that git takes for the beginning of a function."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    heading: bytes
    lines: tuple[DiffLine, ...]

    @property
    def place(self) -> str:
        """Where it stands on both sides, as git says it."""
        sides = ((self.old_start, self.old_count), (self.new_start, self.new_count))
        old, new = (f"{start}" if count == 1 else f"{start},{count}" for start, count in sides)
        return f"@@ -{old} +{new} @@"


@dataclass(frozen=True, slots=True)
class Entry:
    """A path that two trees have differently. Modes are 0 and ids None on the side where there is nothing.

    `similarity`, a percentage, is there for what was renamed or copied.
    """

    status: FileStatus
    old_path: bytes
    new_path: bytes
    old_mode: int
    new_mode: int
    old_id: str | None
    new_id: str | None
    similarity: int | None = None

    @property
    def path(self) -> bytes:
        """The name it has now, or had last."""
        return self.new_path

    @property
    def is_submodule(self) -> bool:
        """Whether either side is a commit of another repository."""
        return SUBMODULE_MODE in (self.old_mode, self.new_mode)

    @property
    def is_link(self) -> bool:
        """Whether either side is a symbolic link."""
        return LINK_MODE in (self.old_mode, self.new_mode)

    @property
    def is_mode_changed(self) -> bool:
        """Whether a file became executable, or is no longer."""
        is_on_both_sides = bool(self.old_mode and self.new_mode)
        is_of_one_kind = self.old_mode & _KIND_BITS == self.new_mode & _KIND_BITS
        return is_on_both_sides and is_of_one_kind and self.old_mode != self.new_mode


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One changed file. `number` is its place in the diff, from 1.

    `added` and `removed` are None where the lines were not counted; `limit` says why `hunks` are missing.
    The sizes are there for binary files.
    """

    number: int
    entry: Entry
    hunks: tuple[Hunk, ...] = ()
    is_binary: bool = False
    added: int | None = 0
    removed: int | None = 0
    limit: Limit | None = None
    old_bytes: int | None = None
    new_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Diff:
    """What differs between two trees, or as much of it as the limits allow.

    `file_count` and the sums are of the whole diff; `is_counted` is false where the sums are what was read
    before a limit, `is_listed` where even the files were too many to be counted, `is_slow` is true where git
    did not come to an end in time.
    """

    files: tuple[FileDiff, ...]
    file_count: int
    added: int
    removed: int
    is_counted: bool = True
    is_listed: bool = True
    is_slow: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a diff is read: beyond `file_*` a file's lines are left out, beyond `total_*` all further
    ones; beyond `counted_bytes` nothing is read any more, and beyond `paths` files are not even listed."""

    paths: int
    files: int
    file_lines: int
    file_bytes: int
    total_lines: int
    total_bytes: int
    counted_bytes: int


# Of more files git would look for renames among all of them.
MOST_PATHS: Final = 5_000
# What GitHub shows, and about what a browser and a reader can take.
MOST_FILE_LINES: Final = 20_000
MOST_FILE_BYTES: Final = 500_000
PAGE_LIMITS: Final = Limits(
    paths=MOST_PATHS,
    files=300,
    file_lines=400,
    file_bytes=20_000,
    total_lines=20_000,
    total_bytes=1_000_000,
    counted_bytes=8_000_000,
)
FILE_LIMITS: Final = Limits(
    paths=MOST_PATHS,
    files=1,
    file_lines=MOST_FILE_LINES,
    file_bytes=MOST_FILE_BYTES,
    total_lines=MOST_FILE_LINES,
    total_bytes=MOST_FILE_BYTES,
    counted_bytes=8_000_000,
)


@dataclass(frozen=True, slots=True)
class DiffOptions:
    """What a reader may ask of a diff."""

    ignores_space: bool = False
    context_lines: int = 3
