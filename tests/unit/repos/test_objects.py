"""Commits and tags that libgit2 does not make sense of are read as git reads them."""

import pytest

from hub.repos.git.archives import measure
from hub.repos.git.objects import Objects
from hub.repos.git.trees import Trees
from tests.odd_contents import BROKEN_HEADERS
from tests.odd_repository import OddRepository, git

BROKEN = [*BROKEN_HEADERS, "empty message", "octopus", "tip"]


@pytest.mark.parametrize("name", BROKEN)
def test_commit_is_found_and_has_a_tree(odd_repository: OddRepository, name: str) -> None:
    directory, commit_id = odd_repository.directory, odd_repository.commits[name]
    tree_id = git(directory, "rev-parse", f"{commit_id}^{{tree}}").decode().strip()
    objects, root = Objects(directory), Trees(directory).root_of(commit_id)
    assert objects.peel(commit_id) == commit_id
    assert objects.tree_of(commit_id) == tree_id
    assert root is not None
    assert root.object_id == tree_id
    found = objects.find_commit(commit_id)
    assert found is not None
    assert found.commit_id == commit_id


def test_histories_go_on_behind_commits_without_an_address(odd_repository: OddRepository) -> None:
    objects, commits = Objects(odd_repository.directory), odd_repository.commits
    assert objects.is_ancestor(commits["root"], commits["signed"])
    assert not objects.is_ancestor(commits["signed"], commits["root"])


def test_such_a_commit_is_packed(odd_repository: OddRepository) -> None:
    size = measure(odd_repository.directory, odd_repository.commits["no address"], most_bytes=1 << 20)
    assert size.entries > 5


@pytest.mark.parametrize(
    ("ref", "commit"),
    [
        ("refs/tags/light", "merge"),
        ("refs/tags/v1", "octopus"),
        ("refs/tags/nested", "octopus"),
        ("refs/tags/of-a-tree", None),
        ("refs/tags/of-a-file", None),
        ("refs/tags/light-tree", None),
    ],
)
def test_tags_lead_to_commits_or_to_none(odd_repository: OddRepository, ref: str, commit: str | None) -> None:
    expected = None if commit is None else odd_repository.commits[commit]
    assert Objects(odd_repository.directory).peel(odd_repository.refs[ref]) == expected


@pytest.mark.parametrize("object_id", ["0" * 40, "f" * 40, "f" * 64, "zz"])
def test_what_is_not_there_leads_nowhere(odd_repository: OddRepository, object_id: str) -> None:
    objects = Objects(odd_repository.directory)
    assert objects.peel(object_id) is objects.tree_of(object_id) is None
    assert Trees(odd_repository.directory).root_of(object_id) is None
