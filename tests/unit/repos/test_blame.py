"""Reading what `git blame` prints, and lists of commits to look through."""

from pathlib import Path

import pytest

from hub.repos.git.blame import blame, read_ignored
from hub.repos.git.process import GitFailed, GitTooSlow
from tests.git_client import GitClient

ID, LONG = "1" * 40, "a" * 64


@pytest.mark.parametrize(
    ("content", "ids"),
    [
        (b"", []),
        (f"{ID}\n".encode(), [ID]),
        (f"# a comment\n\n  {ID}  # why\n{LONG}\r\n".encode(), [ID, LONG]),
        (b"main\n1111111\n--output=x\n\xff\x00\n" + ID.encode() + b"x\n", []),
        ((ID + "\n").encode() * 6_000, [ID] * 5_000),
    ],
)
def test_list_of_ignored_commits_is_read_leniently(content: bytes, ids: list[str]) -> None:
    assert read_ignored(content) == ids


@pytest.fixture
def work(git: GitClient) -> Path:
    folder = git.init()
    git.commit(folder, "One", {'o"dd\n': "a\nb\nc\n"})
    git.commit(folder, "Two", {'o"dd\n': "a\nB\nc\n"})
    git.run("mv", 'o"dd\n', "new", cwd=folder)
    git.commit(folder, "Three", {"new": "a\nB\nC\nd\n"})
    return folder


def test_lines_of_one_commit_that_follow_each_other_are_one_group(git: GitClient, work: Path) -> None:
    head = git.head(work)
    found = blame(work / ".git", head, b"new", timeout_seconds=30)
    assert [(one.first, one.last, found.commits[one.commit_id].subject) for one in found.groups] == [
        (1, 1, "One"),
        (2, 2, "Two"),
        (3, 4, "Three"),
    ]
    assert [(one.previous_id, one.previous_path) for one in found.groups] == [
        (None, b""),
        (git.head(work, "HEAD~2"), b'o"dd\n'),
        (git.head(work, "HEAD~1"), b'o"dd\n'),
    ]


@pytest.mark.parametrize("ignored", ["HEAD", "HEAD:new", "HEAD^{tree}", "1" * 40])
def test_list_that_names_what_is_no_commit_harms_nothing(git: GitClient, work: Path, ignored: str) -> None:
    named = ignored if ignored[0] == "1" else git.head(work, ignored)
    found = blame(work / ".git", git.head(work), b"new", ignored=named.encode(), timeout_seconds=30)
    assert [one.last for one in found.groups][-1] == 4


@pytest.mark.parametrize("path", [b"none", b"../new", b"-L", b":(glob)*"])
def test_path_that_is_not_there_fails(git: GitClient, work: Path, path: bytes) -> None:
    with pytest.raises(GitFailed):
        blame(work / ".git", git.head(work), path, timeout_seconds=30)


def test_blame_ends_at_its_limit(git: GitClient, work: Path) -> None:
    with pytest.raises(GitTooSlow):
        blame(work / ".git", git.head(work), b"new", timeout_seconds=0)
