"""Reviewing locally: a change's commits are fetched by the refs that people know from elsewhere."""

import subprocess
from pathlib import Path

import pytest

from tests.git_client import GitClient
from tests.served import Person
from tests.wire.made_by_hand import CAPABILITIES, pack_of, push_body, read_answer
from tests.wire.proposals import proposals
from tests.wire.records import ZERO, refs_on_disk
from tests.wire.ways import Way

FOR_MAIN = "HEAD:refs/for/main"


@pytest.fixture
def patch_sets(hers: GitClient, work: Path) -> list[str]:
    """The two patch sets of change 1."""
    first = hers.commit(work, "Fix typo", {"README": "the\n"})
    hers.push(work, "origin", FOR_MAIN)
    (work / "README").write_text("The\n")
    hers.run("commit", "-qa", "--amend", "--no-edit", cwd=work)
    hers.push(work, "origin", FOR_MAIN)
    return [first, hers.head(work)]


@pytest.fixture
def clone(his: GitClient, way: Way, path: str, patch_sets: list[str], ben: Person) -> Path:
    his.clone(way.url(path, ben))
    return his.folder / "clone"


@pytest.mark.parametrize(
    ("ref", "number"), [("refs/pull/1/head", 1), ("refs/changes/1/1", 0), ("refs/changes/1/2", 1)]
)
def test_a_patch_set_is_fetched_by_its_ref(
    his: GitClient, clone: Path, patch_sets: list[str], ref: str, number: int
) -> None:
    his.fetch(clone, "origin", ref)
    his.run("switch", "-q", "--detach", "FETCH_HEAD", cwd=clone)

    assert his.head(clone) == patch_sets[number]


def test_all_changes_are_fetched_by_the_refspec_that_people_have(
    his: GitClient, clone: Path, patch_sets: list[str]
) -> None:
    his.run("config", "--add", "remote.origin.fetch", "+refs/pull/*/head:refs/remotes/origin/pr/*", cwd=clone)

    his.fetch(clone)

    assert his.head(clone, "origin/pr/1") == patch_sets[1]


def test_versions_are_compared_with_range_diff(his: GitClient, clone: Path, patch_sets: list[str]) -> None:
    his.fetch(clone, "origin", "+refs/changes/1/*:refs/remotes/origin/changes/1/*")

    compared = his.run("range-diff", "origin/main", "origin/changes/1/1", "origin/changes/1/2", cwd=clone)

    assert [line[:2] for line in compared.out.splitlines()[:1]] == ["1:"]


@pytest.mark.parametrize("address", ["changes/1.patch", "pulls/1.patch"])
def test_a_change_is_applied_from_its_patch(
    his: GitClient, way: Way, path: str, clone: Path, patch_sets: list[str], address: str
) -> None:
    url = f"{way.served.http}/{path}/{address}"
    patch = subprocess.run(("curl", "-sfL", url), capture_output=True, timeout=120, check=True).stdout

    his.run("am", cwd=clone, input=patch)

    assert his.run("log", "-1", "--format=%s", cwd=clone).out == "Fix typo\n"
    his.fetch(clone, "origin", "refs/changes/1/2")
    assert his.run("diff", "FETCH_HEAD", "HEAD", cwd=clone).out == ""


def test_a_clone_brings_branches_and_no_changes(his: GitClient, clone: Path) -> None:
    assert set(refs_on_disk(his, clone)) == {
        "refs/heads/main",
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/main",
    }


def test_whoever_pushes_is_not_told_of_changes(hers: GitClient, work: Path, patch_sets: list[str]) -> None:
    traced = hers.run(
        "push", "origin", "HEAD:refs/heads/other", cwd=work, environment={"GIT_TRACE_PACKET": "1"}
    )
    advertised = [line for line in traced.err.splitlines() if "packet:" in line and "< " in line]
    assert any("refs/heads/main" in line for line in advertised)
    assert not any("refs/changes/" in line or "refs/pull/" in line for line in advertised)


@pytest.mark.parametrize("capabilities", CAPABILITIES)
def test_old_clients_propose_and_read_what_they_can(
    hers: GitClient, way: Way, path: str, work: Path, anna: Person, capabilities: str
) -> None:
    commit = hers.commit(work, "Fix typo", {"README": "the\n"})
    body = push_body(
        [(ZERO, commit, "refs/for/main")], pack_of(hers, work, commit), capabilities=capabilities
    )

    answer = read_answer(way.push_by_hand(path, anna, body), capabilities)

    refs = refs_on_disk(hers, way.served.git_directory(path))
    assert refs["refs/changes/1/1"] == refs["refs/pull/1/head"] == commit
    assert proposals(way.served, path)[0].patch_sets == (commit,)
    if "report-status" in capabilities:
        assert answer.answer_for("refs/for/main") == "ok"
    if "side-band-64k" in capabilities:
        assert f"{way.served.http}/{path}/changes/1" in answer.said
    options = [line for line in answer.report if line.startswith("option ")]
    assert bool(options) == ("report-status-v2" in capabilities)
