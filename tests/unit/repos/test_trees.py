"""Folders and files are read as git reads them, whatever they are named and however many there are."""

from pathlib import Path

import pytest

from hub.repos.git import trees
from hub.repos.git.trees import Entry, EntryKind, TooLarge, Trees, is_binary
from tests.odd_contents import BROKEN_ENTRIES, DEEP_FOLDER
from tests.odd_repository import MANY_ENTRIES, OddRepository, git

_KINDS = {
    b"040000": EntryKind.FOLDER,
    b"100644": EntryKind.FILE,
    b"100755": EntryKind.EXECUTABLE,
    b"120000": EntryKind.SYMLINK,
    b"160000": EntryKind.SUBMODULE,
}


def listed_by_git(place: Path, tree: str, *options: str) -> list[Entry]:
    found = []
    for line in git(place, "ls-tree", "-z", *options, tree).split(b"\0")[:-1]:
        facts, name = line.split(b"\t", 1)
        mode, _, object_id = facts.split(b" ")
        found.append(Entry(name, _KINDS[mode], object_id.decode()))
    return found


@pytest.fixture
def reader(odd_repository: OddRepository) -> Trees:
    return Trees(odd_repository.directory)


def test_each_folder_has_the_entries_that_git_lists(odd_repository: OddRepository, reader: Trees) -> None:
    tip = odd_repository.tip
    folders = listed_by_git(odd_repository.directory, tip, "-r", "-d")
    for folder in [Entry(b"", EntryKind.FOLDER, tip), *folders[:40]]:
        found = reader.find(tip, folder.name)
        assert found is not None
        expected = listed_by_git(odd_repository.directory, found.object_id)
        shown = reader.read_folder(found.object_id, most_entries=10_000)
        assert sorted(shown.entries, key=str) == sorted(expected, key=str)
        assert [one.kind is EntryKind.FOLDER for one in shown.entries] == sorted(
            (one.kind is EntryKind.FOLDER for one in expected), reverse=True
        )


def test_every_path_of_a_commit_is_found(odd_repository: OddRepository, reader: Trees) -> None:
    tip = odd_repository.tip
    paths = listed_by_git(odd_repository.directory, tip, "-r", "-t")
    assert len(paths) > MANY_ENTRIES
    for one in [*paths[:200], *paths[-400:]]:
        name = one.name.rpartition(b"/")[2]
        assert reader.find(tip, one.name) == Entry(name, one.kind, one.object_id)


def test_a_file_two_hundred_levels_deep_is_found(odd_repository: OddRepository, reader: Trees) -> None:
    found = reader.find(odd_repository.tip, DEEP_FOLDER)
    assert found is not None
    assert found.kind is EntryKind.FOLDER


@pytest.mark.parametrize(
    "path",
    [b"none", b"a/x", b"/README.md", b"src/", b"src//app.c", b".", b"..", b"src/../kind", b"x" * 9999],
)  # fmt: skip
def test_what_is_no_path_of_the_commit_is_not_there(
    odd_repository: OddRepository, reader: Trees, path: bytes
) -> None:
    assert reader.find(odd_repository.tip, path) is None


def test_only_a_commit_has_a_root(odd_repository: OddRepository, reader: Trees) -> None:
    root = reader.root_of(odd_repository.tip)
    assert root is not None
    assert [reader.root_of(one) for one in (root.object_id, "1" * 40, "no id")] == [None, None, None]


def test_a_long_folder_is_cut_and_says_how_much_more_there_is(
    odd_repository: OddRepository, reader: Trees
) -> None:
    many = reader.find(odd_repository.tip, b"many")
    assert many is not None
    shown = reader.read_folder(many.object_id)
    assert (len(shown.entries), shown.more) == (trees.MOST_ENTRIES, MANY_ENTRIES - trees.MOST_ENTRIES)


def test_trees_of_old_tools_are_read(odd_repository: OddRepository, reader: Trees) -> None:
    root = reader.root_of(odd_repository.commits["odd trees"])
    assert root is not None
    shown = reader.read_folder(root.object_id)
    assert sorted(one.name for one in shown.entries) == sorted(name for _, name in BROKEN_ENTRIES)


def test_a_folder_that_is_too_large_is_refused_and_what_is_in_it_is_found(tmp_path: Path) -> None:
    place = tmp_path / "large.git"
    git(tmp_path, "init", "-q", "--bare", str(place))
    blob = git(place, "hash-object", "-w", "--stdin", stdin=b"x").decode().strip()
    given = "".join(f"100644 blob {blob}\t{number:0200}\n" for number in range(30_000)).encode()
    tree = git(place, "mktree", stdin=given).decode().strip()
    commit = git(place, "commit-tree", "-m", "large", tree).decode().strip()
    reader = Trees(place)
    with pytest.raises(TooLarge):
        reader.read_folder(tree)
    assert reader.find(commit, b"%0200d" % 29_999) is not None


def test_a_blob_is_read_up_to_a_limit_and_its_size_is_known(
    odd_repository: OddRepository, reader: Trees
) -> None:
    entry = reader.find(odd_repository.tip, b"README.md")
    assert entry is not None
    content = git(odd_repository.directory, "cat-file", "blob", entry.object_id)
    whole, cut = reader.read_blob(entry.object_id), reader.read_blob(entry.object_id, most_bytes=10)
    assert whole is not None
    assert cut is not None
    assert (whole.content, whole.size_bytes, cut.content, cut.size_bytes) == (
        content, len(content), None, len(content),
    )  # fmt: skip
    assert reader.size_of(entry.object_id) == len(content)
    root = reader.root_of(odd_repository.tip)
    assert root is not None
    assert [reader.read_blob(one) for one in (root.object_id, "1" * 40)] == [None, None]


def test_a_link_says_where_it_points(odd_repository: OddRepository, reader: Trees) -> None:
    link = reader.find(odd_repository.tip, b"kind")
    assert link is not None
    assert (link.kind, reader.target_of(link)) == (EntryKind.SYMLINK, b"README.md")


def test_binary_is_what_git_takes_for_it() -> None:
    assert [is_binary(one) for one in (b"", b"text\xff", b"a\0b", b"x" * 8000 + b"\0")] == [
        False, False, True, False,
    ]  # fmt: skip
