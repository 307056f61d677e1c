"""Compares our diffs with git's: printed from our records, they must be git's own, byte for byte."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from hub.repos.git.diff_parser import quote_header, quote_path
from hub.repos.git.diff_records import (
    MOST_FILE_BYTES,
    MOST_FILE_LINES,
    Diff,
    DiffOptions,
    FileDiff,
    FileStatus,
    Hunk,
    Limit,
    Limits,
)
from hub.repos.git.diffs import TreePair, read_diff
from tests.odd_repository import git

# A file of more lines than any page shows is left out here as well.
EVERYTHING = Limits(
    paths=100_000,
    files=100_000,
    file_lines=MOST_FILE_LINES,
    file_bytes=MOST_FILE_BYTES,
    total_lines=10**9,
    total_bytes=10**12,
    counted_bytes=10**12,
)
_NOBODY = "0" * 40
_NO_END = b"\n\\ No newline at end of file\n"


def pair_of(place: Path, old: str | None, new: str) -> TreePair:
    """The trees of two commits, or of one and nothing before it."""
    names = [f"{one}^{{tree}}" for one in (old, new) if one]
    *before, after = git(place, "rev-parse", *names).decode().split()
    return TreePair(place, before[0] if before else None, after)


def is_as_printed(place: Path, commits: Sequence[str], options: DiffOptions) -> bool:
    """Whether the diff of a commit, which stands first, to its first parent is that of git."""
    pair = pair_of(place, commits[1] if len(commits) > 1 else None, commits[0])
    whole = read_diff(pair, options, EVERYTHING)
    diff = _without_the_large(whole)
    paths: list[bytes] = []
    if len(diff.files) < len(whole.files):
        paths = [path for one in diff.files for path in (one.entry.old_path, one.entry.new_path)]
    named = [path.decode("utf-8", "surrogateescape") for path in paths]
    space = ["-w"] if options.ignores_space else []
    given = ["-r", "-p", "-M", "--full-index", f"-U{options.context_lines}", *space]
    trees = (pair.old_tree or "4b825dc642cb6eb9a060e54bf8d69288fbee4904", pair.new_tree)
    printed = git(place, "--literal-pathspecs", "diff-tree", *given, *trees, "--", *named)
    return print_diff(diff) == printed


def _without_the_large(diff: Diff) -> Diff:
    """Only what has its lines, or something else to say; with -w git prints no other file."""
    assert {one.limit for one in diff.files} <= {None, Limit.FILE}
    files = [one for one in diff.files if one.limit is None and _says_something(one)]
    return replace(diff, files=tuple(files))


def _says_something(file: FileDiff) -> bool:
    entry = file.entry
    is_moved = entry.similarity is not None or entry.old_mode != entry.new_mode
    return bool(file.hunks or file.is_binary or is_moved)


def print_diff(diff: Diff) -> bytes:
    """The whole patch."""
    return b"".join(piece for file in diff.files for piece in _file(file))


def _file(file: FileDiff) -> Iterator[bytes]:
    entry = file.entry
    if entry.status is FileStatus.TYPE_CHANGED:
        yield from _type_change(file)
        return
    yield quote_header(entry) + b"\n"
    yield from _modes(file)
    if entry.similarity is not None:
        verb = b"rename" if entry.status is FileStatus.RENAMED else b"copy"
        yield b"similarity index %d%%\n" % entry.similarity
        yield b"%b from %b\n%b to %b\n" % (verb, quote_path(entry.old_path), verb, quote_path(entry.new_path))
    if entry.old_id != entry.new_id:
        mode = b" %06o" % entry.old_mode if entry.old_mode == entry.new_mode else b""
        yield _index(entry.old_id, entry.new_id) + mode + b"\n"
    yield from _content(file, file.hunks, is_added=entry.old_id is None, is_deleted=entry.new_id is None)


def _type_change(file: FileDiff) -> Iterator[bytes]:
    entry = file.entry
    gone = [one for one in file.hunks if one.new_count == 0]
    yield b"%b\ndeleted file mode %06o\n" % (quote_header(entry), entry.old_mode)
    yield _index(entry.old_id, None) + b"\n"
    yield from _content(file, gone, is_added=False, is_deleted=True)
    yield b"%b\nnew file mode %06o\n" % (quote_header(entry), entry.new_mode)
    yield _index(None, entry.new_id) + b"\n"
    yield from _content(file, [one for one in file.hunks if one not in gone], is_added=True, is_deleted=False)


def _modes(file: FileDiff) -> Iterator[bytes]:
    entry = file.entry
    if entry.status is FileStatus.ADDED:
        yield b"new file mode %06o\n" % entry.new_mode
    elif entry.status is FileStatus.DELETED:
        yield b"deleted file mode %06o\n" % entry.old_mode
    elif entry.old_mode != entry.new_mode:
        yield b"old mode %06o\nnew mode %06o\n" % (entry.old_mode, entry.new_mode)


def _index(old_id: str | None, new_id: str | None) -> bytes:
    return f"index {old_id or _NOBODY}..{new_id or _NOBODY}".encode()


def _content(file: FileDiff, hunks: list[Hunk] | tuple[Hunk, ...], **side: bool) -> Iterator[bytes]:
    old = b"/dev/null" if side["is_added"] else quote_path(b"a/" + file.entry.old_path)
    new = b"/dev/null" if side["is_deleted"] else quote_path(b"b/" + file.entry.new_path)
    if file.is_binary:
        yield b"Binary files %b and %b differ\n" % (old, new)
    if hunks:
        yield b"--- %b\n+++ %b\n" % (_with_tab(old), _with_tab(new))
    for hunk in hunks:
        yield _head(hunk)
        for line in hunk.lines:
            yield line.kind.encode() + line.text + (b"\n" if line.has_end else _NO_END)


def _with_tab(name: bytes) -> bytes:
    # So that patch(1) knows where a name with a space ends.
    return name + b"\t" if b" " in name else name


def _head(hunk: Hunk) -> bytes:
    return b"%b%b\n" % (hunk.place.encode(), b" " + hunk.heading if hunk.heading else b"")
