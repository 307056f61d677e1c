"""Changes that follow a branch: the lines after a push, another patch set with every push, forks."""

from pathlib import Path

import pytest

from hub.access import Permission
from hub.accounts.queries import get_user
from hub.repos.access import open_repository
from hub.repos.forks.forking import fork_repository
from hub.reviews.opening import Branch, Words, open_change
from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.proposals import proposals, remote_lines, updated
from tests.wire.records import logged_refs, refs_on_disk
from tests.wire.scripted_policy import wait_until
from tests.wire.ways import Way


def open_by_form(served: Served, path: str, person: Person, source: str, branch: str) -> int:
    """What the form of the compare page does: a change that proposes the branch for main."""
    with served.hub.database.writing() as session:
        viewer = get_user(session, person.name).viewer()
        return open_change(
            session,
            viewer,
            open_repository(session, viewer, path, need=Permission.SEE),
            target="main",
            source=Branch(open_repository(session, viewer, source, need=Permission.SEE), branch),
            words=Words("Fix the typo"),
            base_url=served.http,
        )


@pytest.fixture
def branch(hers: GitClient, work: Path) -> str:
    """A branch `typo` of one commit, checked out in Anna's work and not pushed."""
    hers.run("switch", "-q", "-c", "typo", cwd=work)
    return hers.commit(work, "Fix typo", {"README": "the\n"})


def test_a_new_branch_invites_to_a_change(
    hers: GitClient, way: Way, path: str, work: Path, branch: str
) -> None:
    pushed = hers.push(work, "-u", "origin", "typo")

    assert remote_lines(pushed) == [
        "",
        "Create a change from 'typo':",
        f"  {way.served.http}/{path}/compare/main...typo",
        "",
    ]
    assert updated(pushed) == ["* [new branch] typo -> typo"]


@pytest.mark.parametrize("refspec", ["typo:main", "typo:refs/tags/v1", "typo:typo typo:b typo:c typo:d"])
def test_what_nobody_would_propose_is_pushed_in_silence(
    hers: GitClient, work: Path, branch: str, refspec: str
) -> None:
    assert remote_lines(hers.push(work, "origin", *refspec.split())) == []


def test_pushing_the_branch_again_points_to_the_change(
    hers: GitClient, way: Way, path: str, work: Path, branch: str, anna: Person
) -> None:
    hers.push(work, "origin", "typo")
    assert open_by_form(way.served, path, anna, path, "typo") == 1
    second = hers.commit(work, "Fix another", {"README": "The\n"})

    pushed = hers.push(work, "origin", "typo")

    base = hers.head(work, "main")
    assert remote_lines(pushed) == [
        "",
        "Visit the existing change:",
        f"  {way.served.http}/{path}/changes/1",
        "",
        "  Fix the typo  [PATCH-SET 2]",
        "  2 commits, 1 file, +1 -0",
        "  What changed:",
        f"  git range-diff {base[:10]}..{branch[:10]} {base[:10]}..{second[:10]}",
    ]
    [change] = proposals(way.served, path)
    assert change.patch_sets == (branch, second)
    refs = refs_on_disk(hers, way.served.git_directory(path))
    assert refs == logged_refs(way.served, path)
    assert (refs["refs/changes/1/1"], refs["refs/changes/1/2"], refs["refs/pull/1/head"]) == (
        branch,
        second,
        second,
    )


def test_a_forced_push_is_patch_set_2_and_loses_nothing(
    hers: GitClient, way: Way, path: str, work: Path, branch: str, anna: Person
) -> None:
    hers.push(work, "origin", "typo")
    open_by_form(way.served, path, anna, path, "typo")
    hers.run("commit", "-q", "--amend", "-m", "Fix the typo at last", cwd=work)

    pushed = hers.push(work, "--force", "origin", "typo")

    assert "  Fix the typo  [PATCH-SET 2]" in remote_lines(pushed)
    [change] = proposals(way.served, path)
    assert change.patch_sets == (branch, hers.head(work))
    assert hers.fetch(work, "origin", "refs/changes/1/1").ok


def test_deleting_the_branch_loses_nothing(
    hers: GitClient, way: Way, path: str, work: Path, branch: str, anna: Person
) -> None:
    hers.push(work, "origin", "typo")
    open_by_form(way.served, path, anna, path, "typo")

    hers.push(work, "origin", ":typo")

    [change] = proposals(way.served, path)
    assert (change.state, change.patch_sets) == ("open", (branch,))
    hers.fetch(work, "origin", "refs/pull/1/head")
    assert hers.head(work, "FETCH_HEAD") == branch


def test_create_opens_a_change_with_the_branch(
    hers: GitClient, way: Way, path: str, work: Path, branch: str
) -> None:
    pushed = hers.push(work, "-o", "merge_request.create", "-o", "title=Say it right", "origin", "typo")

    lines = remote_lines(pushed)
    assert lines[1] == "  Say it right  [NEW]"
    assert lines[2] == f"  {way.served.http}/{path}/changes/1"
    assert updated(pushed) == ["* [new branch] typo -> typo"]
    [change] = proposals(way.served, path)
    assert (change.target, change.patch_sets) == ("main", (branch,))
    second = hers.commit(work, "More")
    hers.push(work, "origin", "typo")
    assert proposals(way.served, path)[0].patch_sets == (branch, second)


def test_a_change_follows_the_branch_of_a_fork(
    his: GitClient, way: Way, path: str, work: Path, ben: Person
) -> None:
    with way.served.hub.database.writing() as session:
        user = get_user(session, ben.name)
        origin = open_repository(session, user.viewer(), path, need=Permission.SEE)
        fork = fork_repository(session, user.viewer(), origin, owner=user, name=origin.name).path
    his.clone(way.url(fork, ben))
    clone = his.folder / "clone"
    his.run("switch", "-q", "-c", "typo", cwd=clone)
    first = his.commit(clone, "Fix typo", {"README": "the\n"})
    his.push(clone, "origin", "typo")
    assert open_by_form(way.served, path, ben, fork, "typo") == 1
    second = his.commit(clone, "More", {"README": "The\n"})

    pushed = his.push(clone, "origin", "typo")

    assert remote_lines(pushed)[:3] == [
        "",
        "Visit the existing change:",
        f"  {way.served.http}/{path}/changes/1",
    ]
    [change] = proposals(way.served, path)
    assert change.patch_sets[0] == first
    assert wait_until(lambda: proposals(way.served, path)[0].patch_sets == (first, second))
    refs = refs_on_disk(his, way.served.git_directory(path))
    assert refs["refs/pull/1/head"] == refs["refs/changes/1/2"] == second
