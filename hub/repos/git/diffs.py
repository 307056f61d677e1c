"""The diff of two trees as plain records: stock git compares, and limits keep it from being endless."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

import pygit2
from pygit2.enums import RepositoryOpenFlag

from hub.repos.git.diff_parser import TooManyEntries, parse_diff, parse_entries
from hub.repos.git.diff_records import (
    MOST_PATHS,
    Diff,
    DiffOptions,
    Entry,
    FileDiff,
    FileStatus,
    Limit,
    Limits,
)
from hub.repos.git.process import GitTooSlow, lines, settings
from hub.repos.git.tree_survey import Survey, object_folders, survey

# git takes a file above this for binary: comparing needs several times its size of memory.
MOST_COMPARED_BYTES: Final = 16_000_000
_SECONDS: Final = 8.0
_BEGIN_SECONDS: Final = 0.25
_LONG_BEGIN_SECONDS: Final = 2.0
_BIG_FILES: Final = settings({"core.bigFileThreshold": str(MOST_COMPARED_BYTES)})
# The tree without entries, which git knows without having it, by the length of ids.
_EMPTY: Final = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}


@dataclass(frozen=True, slots=True)
class TreePair:
    """Two trees to compare; the old one is None where there was nothing before.

    `beside` is a second repository whose objects are read as well, such as a fork's origin.
    """

    directory: Path
    old_tree: str | None
    new_tree: str
    beside: Path | None = None


def read_diff(pair: TreePair, options: DiffOptions, limits: Limits) -> Diff:
    """What differs, as far as the limits allow; raises GitFailed and Unreadable."""
    if pair.old_tree == pair.new_tree:
        return Diff((), 0, 0, 0)

    def read(begins_within: float | None) -> Diff:
        with _diff_tree(pair, "-M", "-p", *_arguments(options), begins_within=begins_within) as printed:
            return _with_sizes(pair, parse_diff(printed, limits))

    return _within_reason(pair, read, lambda found, is_slow: _unread(found, limits, is_slow=is_slow))


_T = TypeVar("_T")


def _within_reason(
    pair: TreePair, read: Callable[[float | None], _T], give_up: Callable[[Survey, bool], _T]
) -> _T:
    """What git says; or what can be said without it, where there is too much to compare.

    git lists everything before it says anything, and a dozen objects can describe 10^10 files. So if it does
    not begin at once, it is stopped, and how much there is to compare is looked at in this process first.
    """
    has_begun = False
    try:
        return read(_BEGIN_SECONDS)
    except TooManyEntries:
        pass
    except GitTooSlow as error:
        has_begun = error.timeout_seconds != _BEGIN_SECONDS
    found = survey(pair.directory, pair.old_tree, pair.new_tree, most=MOST_PATHS, beside=pair.beside)
    if has_begun or not found.is_whole:
        return give_up(found, has_begun)
    try:
        return read(None)
    except (GitTooSlow, TooManyEntries):
        return give_up(found, True)


def read_files(pair: TreePair, options: DiffOptions, limits: Limits, *, first: int) -> Diff:
    """The files from the number `first` on, as many as the limits allow, each with its number in the whole.

    The sums are of these files. Raises GitFailed, GitTooSlow, TooManyEntries and Unreadable.
    """
    entries, is_whole = list_entries(pair)
    wanted = entries[first - 1 : first - 1 + limits.files]
    if not wanted:
        return Diff((), len(entries), 0, 0, is_listed=is_whole)
    has_renames = any(one.status is FileStatus.RENAMED for one in wanted)
    numbers = {(one.old_path, one.new_path): number for number, one in enumerate(wanted, first)}
    paths = dict.fromkeys(path for names in numbers for path in names if _can_be_named(path))
    arguments = ("-M" if has_renames else "--no-renames", "-p", *_arguments(options))
    # Where a file became a folder of its name, all in that is compared.
    with _diff_tree(pair, *arguments, paths=tuple(paths), begins_within=_LONG_BEGIN_SECONDS) as printed:
        read = _with_sizes(pair, parse_diff(printed, limits, numbers=numbers))
    return replace(read, file_count=len(entries), is_listed=is_whole)


def list_entries(pair: TreePair) -> tuple[Sequence[Entry], bool]:
    """The entries that differ, in git's order, and whether these are all.

    Renames are looked for among all only.
    """
    if pair.old_tree == pair.new_tree:
        return (), True

    def read(begins_within: float | None) -> tuple[Sequence[Entry], bool]:
        with _diff_tree(pair, "-M", begins_within=begins_within) as printed:
            return parse_entries(printed, most=MOST_PATHS)[0], True

    return _within_reason(pair, read, lambda found, is_slow: (found.entries, is_slow))


def _can_be_named(path: bytes) -> bool:
    # git takes these for places outside of the repository; trees that old tools made hold them.
    return not {b"", b".", b".."} & set(path.split(b"/"))


def _unread(found: Survey, limits: Limits, *, is_slow: bool) -> Diff:
    files = tuple(
        FileDiff(number, entry, added=None, removed=None, limit=Limit.UNREAD)
        for number, entry in enumerate(found.entries[: limits.files], 1)
    )
    return Diff(files, len(found.entries), 0, 0, is_counted=False, is_listed=found.is_whole, is_slow=is_slow)


def _arguments(options: DiffOptions) -> tuple[str, ...]:
    space = ("-w",) if options.ignores_space else ()
    return (f"-U{options.context_lines}", *space)


@contextmanager
def _diff_tree(
    pair: TreePair, *arguments: str, paths: Sequence[bytes] = (), begins_within: float | None = None
) -> Iterator[Iterator[bytes]]:
    old = pair.old_tree or empty_tree(pair.new_tree)
    with lines(
        pair.directory,
        *("diff-tree", "-r", "--raw", "-z", "--no-ext-diff", "--no-textconv", *arguments),
        operands=(old, pair.new_tree),
        paths=paths,
        timeout_seconds=_SECONDS,
        additions={**_BIG_FILES, **also_reading(pair.beside)},
        begins_within_seconds=begins_within,
    ) as printed:
        yield printed


def empty_tree(like: str) -> str:
    """The id of the tree that holds nothing, in a repository with ids of this kind."""
    return _EMPTY[len(like)]


def also_reading(beside: Path | None) -> Mapping[str, str]:
    """The variable with which a command reads the objects of another repository too."""
    return {} if beside is None else {"GIT_ALTERNATE_OBJECT_DIRECTORIES": str(beside / "objects")}


def _with_sizes(pair: TreePair, diff: Diff) -> Diff:
    """The diff with the sizes of binary files, and with a word for those that git only takes for such."""
    if not any(one.is_binary for one in diff.files):
        return diff
    flags = RepositoryOpenFlag.NO_SEARCH | RepositoryOpenFlag.BARE
    database = pygit2.Repository(str(pair.directory), flags).odb
    for one in () if pair.beside is None else object_folders(pair.beside):
        database.add_disk_alternate(str(one))
    files = [_with_size(database, one) if one.is_binary else one for one in diff.files]
    return replace(diff, files=tuple(files))


def _with_size(database: pygit2.Odb, file: FileDiff) -> FileDiff:
    old, new = (_size_of(database, one) for one in (file.entry.old_id, file.entry.new_id))
    is_too_large = max(old or 0, new or 0) > MOST_COMPARED_BYTES
    limit = Limit.SIZE if is_too_large else file.limit
    return replace(file, old_bytes=old, new_bytes=new, limit=limit)


def _size_of(database: pygit2.Odb, blob_id: str | None) -> int | None:
    if blob_id is None:
        return None
    try:
        return database.read_header(blob_id)[1]
    except (KeyError, pygit2.GitError):
        return None
