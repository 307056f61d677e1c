"""Diffs are what git prints, as far as the limits allow, and end wherever a limit says so."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from hub.repos.git.diff_parser import TooManyEntries
from hub.repos.git.diff_records import (
    FILE_LIMITS,
    PAGE_LIMITS,
    Diff,
    DiffOptions,
    FileDiff,
    FileStatus,
    Limit,
    Limits,
)
from hub.repos.git.diffs import MOST_COMPARED_BYTES, TreePair, list_entries, read_diff, read_files
from hub.repos.git.process import GitTooSlow
from tests.fast_import import LINK, SUBMODULE, Entry, Files, Stream
from tests.odd_repository import OddRepository, git
from tests.printed_diff import EVERYTHING, is_as_printed, pair_of

PLAIN, NO_SPACE = DiffOptions(), DiffOptions(ignores_space=True)
LIBRARY = b"d670460b4b4aece5915caf5c68d12f560a9fe3e4"


def make_pair(place: Path, old: Files, new: Files) -> TreePair:
    """Two trees with these files."""
    subprocess.run(["git", "init", "-q", "--bare", str(place)], check=True)
    stream = Stream()
    stream.commit("old", b"refs/heads/old", old)
    stream.commit("new", b"refs/heads/new", new)
    ids = stream.run(place)
    return pair_of(place, ids["old"], ids["new"])


def read_one(place: Path, old: Files, new: Files, limits: Limits = PAGE_LIMITS) -> FileDiff:
    diff = read_diff(make_pair(place, old, new), PLAIN, limits)
    assert len(diff.files) == 1
    return diff.files[0]


@pytest.mark.parametrize("options", [PLAIN, NO_SPACE, DiffOptions(context_lines=0)], ids=repr)
def test_every_diff_of_an_odd_history_is_what_git_prints(
    odd_repository: OddRepository, options: DiffOptions
) -> None:
    place = odd_repository.directory
    rows = git(place, "rev-list", "--parents", "--branches", "--not", "refs/heads/bomb").decode().splitlines()
    assert len(rows) > 30
    assert [row for row in rows if not is_as_printed(place, row.split(" "), options)] == []


def test_one_file_is_read_alone_under_its_number(odd_repository: OddRepository) -> None:
    pair = pair_of(odd_repository.directory, odd_repository.commits["odd contents"] + "^", odd_repository.tip)
    whole = read_diff(pair, PLAIN, EVERYTHING)
    for file in whole.files:
        alone = read_files(pair, PLAIN, replace(EVERYTHING, files=1), first=file.number)
        assert alone.files == (file,)
        assert alone.file_count == whole.file_count > 50
    assert read_files(pair, PLAIN, FILE_LIMITS, first=whole.file_count + 1).files == ()


def test_kinds_of_entries(tmp_path: Path) -> None:
    old = {
        b"a": b"1\n" * 9,
        b"kind": b"x\n",
        b"gone": b"g\n",
        b"sub": Entry(LIBRARY, SUBMODULE),
        b"dir": b"f\n",
    }
    new = {
        b"b": b"1\n" * 9 + b"2\n",
        b"kind": Entry(b"b", LINK),
        b"dir/file": b"f2\n",
        b"sub": Entry(LIBRARY[::-1], SUBMODULE),
    }
    diff = read_diff(make_pair(tmp_path / "r", old, new), PLAIN, PAGE_LIMITS)
    found = {one.entry.path: (one.entry.status, one.added, one.removed) for one in diff.files}
    assert found == {
        b"b": (FileStatus.RENAMED, 1, 0),
        b"dir": (FileStatus.DELETED, 0, 1),
        b"dir/file": (FileStatus.ADDED, 1, 0),
        b"gone": (FileStatus.DELETED, 0, 1),
        b"kind": (FileStatus.TYPE_CHANGED, 1, 1),
        b"sub": (FileStatus.MODIFIED, 1, 1),
    }
    assert diff.files[0].entry.similarity == 90
    assert diff.files[-1].entry.is_submodule
    assert (diff.added, diff.removed) == (4, 4)


@pytest.mark.parametrize(
    ("lines", "limit"),
    [(400, None), (401, Limit.FOLDED), (20_000, Limit.FOLDED), (20_001, Limit.FILE)],
)
def test_long_files_are_left_out_but_counted(tmp_path: Path, lines: int, limit: Limit | None) -> None:
    file = read_one(tmp_path / "r", {}, {b"long": b"x\n" * lines})
    assert (file.limit, file.added, bool(file.hunks)) == (limit, lines, limit is None)


@pytest.mark.parametrize(
    ("size", "limit"),
    [(19_998, None), (19_999, Limit.FOLDED), (499_998, Limit.FOLDED), (499_999, Limit.FILE)],
)
def test_wide_files_are_left_out(tmp_path: Path, size: int, limit: Limit | None) -> None:
    file = read_one(tmp_path / "r", {}, {b"wide": b"x" * (size - 0)})
    assert (file.limit, file.added, bool(file.hunks)) == (limit, 1, limit is None)


def test_what_stands_behind_the_limit_of_all_lines_is_left_out(tmp_path: Path) -> None:
    files = {b"%d" % one: b"%d\n" % one * 10 for one in range(5)}
    limits = replace(PAGE_LIMITS, total_lines=25)
    diff = read_diff(make_pair(tmp_path / "r", {}, files), PLAIN, limits)
    assert [one.limit for one in diff.files] == [None, None, Limit.TOTAL, Limit.TOTAL, Limit.TOTAL]
    assert [one.added for one in diff.files] == [10] * 5


def test_reading_ends_before_a_history_does(tmp_path: Path) -> None:
    files = {b"%d" % one: b"%d\n" % one * 1000 for one in range(5)}
    limits = replace(PAGE_LIMITS, counted_bytes=5000)
    diff = read_diff(make_pair(tmp_path / "r", {}, files), PLAIN, limits)
    assert [one.limit for one in diff.files] == [Limit.FOLDED] + [Limit.UNREAD] * 4
    assert [one.added for one in diff.files] == [1000, None, None, None, None]
    assert (diff.file_count, diff.added, diff.is_counted) == (5, 1000, False)


def test_three_hundred_files_at_once_and_the_others_after_them(tmp_path: Path) -> None:
    pair = make_pair(tmp_path / "r", {}, {b"%03d" % one: b"%d\n" % one for one in range(305)})
    first = read_diff(pair, PLAIN, PAGE_LIMITS)
    assert (len(first.files), first.file_count, first.added) == (300, 305, 305)
    rest = read_files(pair, PLAIN, PAGE_LIMITS, first=301)
    assert [one.number for one in rest.files] == [301, 302, 303, 304, 305]
    assert (rest.files[0].entry.path, rest.added) == (b"300", 5)


def test_more_files_than_there_are_atoms_are_not_waited_for(odd_repository: OddRepository) -> None:
    """Attack: a dozen objects whose tree has 10^10 files; git alone would fill the memory."""
    pair = pair_of(odd_repository.directory, None, "refs/heads/bomb")
    diff = read_diff(pair, PLAIN, PAGE_LIMITS)
    assert (len(diff.files), diff.is_listed, diff.is_counted) == (300, False, False)
    assert {one.limit for one in diff.files} == {Limit.UNREAD}
    assert read_files(pair, PLAIN, FILE_LIMITS, first=7).files[0].added == 1
    assert len(list_entries(pair)[0]) < 5000


def test_binary_files_have_sizes(tmp_path: Path) -> None:
    file = read_one(tmp_path / "r", {b"b": b"\0old"}, {b"b": b"\0new one"})
    assert (file.is_binary, file.old_bytes, file.new_bytes, file.hunks) == (True, 4, 8, ())


def test_a_file_too_large_to_compare_is_said_to_be(tmp_path: Path) -> None:
    file = read_one(tmp_path / "r", {}, {b"b": b"x" * (MOST_COMPARED_BYTES + 1)})
    assert (file.limit, file.new_bytes) == (Limit.SIZE, MOST_COMPARED_BYTES + 1)


def test_equal_trees_have_no_diff(tmp_path: Path) -> None:
    pair = make_pair(tmp_path / "r", {b"a": b"1"}, {b"a": b"1"})
    assert read_diff(pair, PLAIN, PAGE_LIMITS) == Diff((), 0, 0, 0)


def test_only_space_changed(tmp_path: Path) -> None:
    pair = make_pair(tmp_path / "r", {b"a": b"1 2\n", b"b": b"1\n"}, {b"a": b"1  2\n", b"b": b"2\n"})
    files = read_diff(pair, NO_SPACE, PAGE_LIMITS).files
    assert [(one.entry.path, one.added) for one in files] == [(b"a", 0), (b"b", 1)]


def test_two_repositories_are_read_at_once(tmp_path: Path) -> None:
    one = make_pair(tmp_path / "one", {b"a": b"1\n"}, {b"a": b"2\n"})
    two = make_pair(tmp_path / "two", {b"a": b"1\n"}, {b"a": b"3\n"})
    diff = read_diff(
        TreePair(one.directory, one.new_tree, two.new_tree, beside=two.directory), PLAIN, PAGE_LIMITS
    )
    assert [line.text for line in diff.files[0].hunks[0].lines] == [b"2", b"3"]


def test_a_folder_in_the_place_of_a_file_does_not_hang(odd_repository: OddRepository, tmp_path: Path) -> None:
    """Attack: the one file asked for became a folder of 10^10 files."""
    place = odd_repository.directory
    bomb = git(place, "rev-parse", "refs/heads/bomb^{tree}").decode().strip()
    blob = git(place, "rev-parse", "refs/heads/main:README.md").decode().strip()
    lines = (f"100644 blob {blob}\tx", f"040000 tree {bomb}\tx")
    old, new = (git(place, "mktree", stdin=f"{line}\n".encode()).decode().strip() for line in lines)
    with pytest.raises((GitTooSlow, TooManyEntries)):
        read_files(TreePair(place, old, new), PLAIN, FILE_LIMITS, first=1)
