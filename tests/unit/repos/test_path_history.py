"""The history of a path is what git lists, over renames for files."""

import pytest

from hub.repos.git import path_history
from hub.repos.git.history import PAGE_COMMITS
from hub.repos.git.path_history import list_file_commits, list_folder_commits
from tests.fast_import import Stream
from tests.git_client import GitClient
from tests.odd_contents import ODD_NAMES
from tests.odd_repository import OddRepository
from tests.odd_repository import git as real_git

_PATHS = [
    b"README.md", b"src/newer.c", b"src/app.c", b"src/left.c", b"both.txt", b"arms/arm 1", b"bin/run",
    b"kind", b"tree", b"tree/file", b"gone.txt", b"unrelated/file", b"none", b"many/entry-0001",
    *(b"names/" + name for name in ODD_NAMES),
]  # fmt: skip


def ids_of_git(odd: OddRepository, path: bytes, *options: str) -> list[str]:
    arguments = (
        "--literal-pathspecs",
        "log",
        "--format=%H",
        *options,
        odd.tip,
        "--",
        path.decode("utf-8", "surrogateescape"),
    )
    return real_git(odd.directory, *arguments).decode().split()


@pytest.mark.parametrize("path", _PATHS)
def test_a_file_is_followed_as_git_follows_it(odd_repository: OddRepository, path: bytes) -> None:
    shown = list_file_commits(odd_repository.directory, odd_repository.tip, path)
    assert [one.row.commit_id for one in shown.commits] == ids_of_git(odd_repository, path, "--follow")
    assert not shown.is_cut


def test_a_row_has_the_name_of_its_time(odd_repository: OddRepository) -> None:
    shown = list_file_commits(odd_repository.directory, odd_repository.tip, b"src/newer.c")
    assert [(one.row.subject, one.path) for one in shown.commits] == [
        ("rename with a change", b"src/newer.c"),
        ("rename", b"src/new.c"),
        ("root", b"src/old.c"),
    ]


def test_a_file_that_went_is_said_to_have_gone(odd_repository: OddRepository) -> None:
    shown = list_file_commits(odd_repository.directory, odd_repository.tip, b"gone.txt")
    assert [(one.row.subject, one.is_there) for one in shown.commits] == [
        ("kinds change", False),
        ("root", True),
    ]


@pytest.mark.parametrize("path", [b"src", b"names", b"arms", b"tree", b"who", b"deep/deep/deep", b"none"])
def test_a_folder_has_the_history_that_git_lists(odd_repository: OddRepository, path: bytes) -> None:
    shown = list_folder_commits(odd_repository.directory, odd_repository.tip, path)
    assert [one.row.commit_id for one in shown.commits] == ids_of_git(odd_repository, path)


@pytest.mark.parametrize("path", [b"../x", b"/etc/passwd", b"a//b", b"./src", b"src/", b"a\0b", b""])
def test_what_is_no_path_has_no_history(odd_repository: OddRepository, path: bytes) -> None:
    place, tip = odd_repository.directory, odd_repository.tip
    assert list_file_commits(place, tip, path).commits == []
    assert list_folder_commits(place, tip, path).commits == []


def test_a_long_history_comes_in_pages(git: GitClient) -> None:
    work, stream = git.init(), Stream()
    for number in range(PAGE_COMMITS + 20):
        before = [f"{number - 1}"] if number else []
        stream.commit(f"{number}", b"refs/heads/main", {b"a/f": b"%d" % number}, parents=before)
    expected = list(reversed(stream.run(work).values()))
    for listed, path in ((list_file_commits, b"a/f"), (list_folder_commits, b"a")):
        pages = [listed(work / ".git", expected[0], path, page=number) for number in (1, 2, 3)]
        assert [one.row.commit_id for page in pages for one in page.commits] == expected
        assert [page.has_more for page in pages] == [True, False, False]


def test_what_takes_too_long_or_lies_too_deep_is_cut(odd_repository: OddRepository) -> None:
    place, tip = odd_repository.directory, odd_repository.tip
    slow = list_file_commits(place, tip, b"src/app.c", timeout_seconds=0)
    deep = list_file_commits(place, tip, b"src/app.c", page=path_history.MOST_PAGES + 1)
    assert [(one.commits, one.has_more, one.is_cut) for one in (slow, deep)] == [([], True, True)] * 2
