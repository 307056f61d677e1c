"""The repository that other tests read holds what it says it holds, and git can read it."""

import subprocess

import pytest

from tests.fast_import import LINK, SUBMODULE
from tests.odd_contents import ODD_NAMES
from tests.odd_repository import HOSTILE_BRANCHES, MANY_ENTRIES, ODD_BRANCHES, OddRepository, git


def listed(odd: OddRepository, *arguments: str) -> list[bytes]:
    return git(odd.directory, "ls-tree", "-z", *arguments).split(b"\0")[:-1]


def test_every_odd_name_is_in_it(odd_repository: OddRepository) -> None:
    files = {line.partition(b"\t")[2] for line in listed(odd_repository, "main:names") if b" blob " in line}
    assert files == set(ODD_NAMES)
    assert len(listed(odd_repository, "main:many")) == MANY_ENTRIES
    deepest = listed(odd_repository, "-r", "main:deep")
    assert deepest[0].count(b"/") == 199


def test_every_kind_of_entry_is_in_it(odd_repository: OddRepository) -> None:
    modes = [line.split(b" ")[0] for line in listed(odd_repository, "-r", "main")]
    assert (modes.count(LINK), modes.count(SUBMODULE)) == (10, 5)
    assert len(listed(odd_repository, "odd/trees")) == 5


def test_every_branch_is_in_it_and_two_commits_are_in_none(odd_repository: OddRepository) -> None:
    refs = odd_repository.refs
    assert {f"refs/heads/{name}" for name in HOSTILE_BRANCHES + ODD_BRANCHES} < refs.keys()
    contained = git(odd_repository.directory, "branch", "--contains", odd_repository.commits["hidden"])
    assert contained == b""
    assert odd_repository.commits["deleted"] not in refs.values()
    assert git(odd_repository.directory, "cat-file", "-t", odd_repository.commits["deleted"]) == b"commit\n"


def test_bomb_is_small_and_endless(odd_repository: OddRepository) -> None:
    objects = git(odd_repository.directory, "rev-list", "--objects", "bomb").splitlines()
    assert len(objects) == 12
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run(
            ["git", "-C", str(odd_repository.directory), "ls-tree", "-r", "bomb"],
            stdout=subprocess.DEVNULL, timeout=0.3, check=True,
        )  # fmt: skip
