"""People are counted as git counts them, and what is new is added to what was counted."""

from collections import Counter
from pathlib import Path

import pytest

from hub.repos.git.contributors import Contributor, count_contributors, read_contributors
from tests.fast_import import Stream
from tests.git_client import GitClient
from tests.odd_repository import OddRepository
from tests.odd_repository import git as real_git


def counted_by_git(odd: OddRepository, tip: str) -> Counter[str]:
    printed = real_git(odd.directory, "log", "-z", "--format=%an", tip)
    return Counter(one.decode("utf-8", "replace") for one in printed.split(b"\0")[:-1])


@pytest.mark.parametrize("ref", ["refs/heads/main", "refs/heads/feature/b/c"])
def test_people_are_those_of_git(odd_repository: OddRepository, tmp_path: Path, ref: str) -> None:
    tip = odd_repository.refs[ref]
    found = count_contributors(odd_repository.directory, tmp_path, tip, timeout_seconds=20)
    assert found is not None
    assert {one.name: one.commits for one in found.people} == counted_by_git(odd_repository, tip)
    assert found.commits == len(real_git(odd_repository.directory, "rev-list", tip).split())
    assert read_contributors(tmp_path) == found


@pytest.mark.parametrize("before", ["octopus", "arm 1", "root", "ahead", "second root"])
def test_counting_goes_on_from_what_is_known(
    odd_repository: OddRepository, tmp_path: Path, before: str
) -> None:
    """`ahead` is not below main, so that everything is counted anew."""
    place, tip = odd_repository.directory, odd_repository.tip
    count_contributors(place, tmp_path / "a", odd_repository.commits[before], timeout_seconds=20)
    grown = count_contributors(place, tmp_path / "a", tip, timeout_seconds=20)
    assert grown == count_contributors(place, tmp_path / "b", tip, timeout_seconds=20)


def test_a_person_has_their_last_address_and_first_and_last_commit(git: GitClient, tmp_path: Path) -> None:
    work, stream = git.init() / ".git", Stream()
    people = [b"A <old@example.org> 100", b"B <b@example.org> 200", b"A <new@example.org> 300"]
    for number, who in enumerate(people):
        parents = [f"{number - 1}"] if number else []
        stream.commit(f"{number}", b"refs/heads/main", parents=parents, author=b"%s +0000" % who)
    commits = stream.run(work)
    for number in range(3):
        found = count_contributors(work, tmp_path, commits[f"{number}"], timeout_seconds=20)
    assert found is not None
    assert found.people == [
        Contributor("A", "new@example.org", 2, 100, 300), Contributor("B", "b@example.org", 1, 200, 200),
    ]  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"tip": 1, "people": [{}]}', b"\xff", b"1"])
def test_a_damaged_file_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "contributors.json").write_bytes(content)
    assert read_contributors(tmp_path) is None
