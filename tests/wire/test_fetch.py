"""Clones and fetches by the installed git, over HTTP and SSH, in all protocol versions."""

from pathlib import Path

import pytest

from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.history import COMMITS
from tests.wire.ways import Way

VERSIONS = ["0", "1", "2"]
JOURNAL = "refs/hub/"


@pytest.fixture(params=VERSIONS)
def versioned(request: pytest.FixtureRequest, hers: GitClient) -> GitClient:
    """Anna's git, set to one version of the protocol."""
    hers.run("config", "--global", "protocol.version", request.param)
    return hers


@pytest.fixture
def url(way: Way, library: str, anna: Person) -> str:
    """The clone address of the repository with a history."""
    return way.url(library, anna)


def count(git: GitClient, work: Path, *what: str) -> int:
    return int(git.run("rev-list", "--count", *(what or ("HEAD",)), cwd=work).out)


def missing_objects(git: GitClient, work: Path) -> int:
    command = ("rev-list", "--objects", "--missing=print", "--all")
    return sum(line.startswith("?") for line in git.run(*command, cwd=work).out.splitlines())


def test_clone_brings_every_commit_branch_and_tag(versioned: GitClient, url: str, history: Path) -> None:
    versioned.clone(url, "clone", "--mirror")

    clone = versioned.folder / "clone"
    versioned.run("fsck", "--strict", cwd=clone)
    there = [line for line in versioned.run("show-ref", cwd=clone).out.splitlines() if JOURNAL not in line]
    assert there == versioned.run("show-ref", cwd=history).out.splitlines()


@pytest.mark.parametrize("version", VERSIONS)
def test_the_version_that_git_asks_for_is_spoken(hers: GitClient, url: str, version: str) -> None:
    traced = hers.run(
        "-c", f"protocol.version={version}", "ls-remote", url, environment={"GIT_TRACE_PACKET": "1"}
    )

    heard = [line for line in traced.err.splitlines() if "<" in line]
    assert any("version 2" in line for line in heard) == (version == "2")
    assert any("version 1" in line for line in heard) == (version == "1")


def test_ls_remote_shows_head_branches_and_tags(versioned: GitClient, url: str, history: Path) -> None:
    shown = versioned.ls_remote(url)

    # The journal is shown once the worker has written it.
    assert {one for one in shown if JOURNAL not in one} == {
        "HEAD",
        "refs/heads/main",
        "refs/heads/topic",
        "refs/tags/light",
        "refs/tags/v1",
        "refs/tags/v1^{}",
    }
    assert shown["HEAD"] == shown["refs/heads/main"] == versioned.head(history, "main")


def test_shallow_clone_deepens_and_becomes_whole(versioned: GitClient, url: str) -> None:
    versioned.clone(url, "clone", "--depth", "3", "--no-tags")
    clone = versioned.folder / "clone"
    counts = [count(versioned, clone)]

    for option in ("--deepen=10", "--depth=20", "--unshallow"):
        versioned.fetch(clone, option)
        counts.append(count(versioned, clone))

    assert counts == [3, 13, 20, COMMITS]
    versioned.run("fsck", "--strict", cwd=clone)


def test_shallow_since_takes_the_commits_after_a_day(versioned: GitClient, url: str) -> None:
    versioned.clone(url, "clone", "--shallow-since=2023-02-20T12:00:00Z")

    assert count(versioned, versioned.folder / "clone") == 9


def test_shallow_exclude_stops_at_a_tag(hers: GitClient, url: str) -> None:
    hers.clone(url, "clone", "--shallow-exclude=light")

    assert count(hers, hers.folder / "clone") == 10


def test_single_branch_brings_no_other(versioned: GitClient, url: str) -> None:
    versioned.clone(url, "clone", "--single-branch", "--branch", "topic", "--no-tags")

    clone = versioned.folder / "clone"
    refs = versioned.run("for-each-ref", "--format=%(refname)", cwd=clone).out.split()
    assert refs == ["refs/heads/topic", "refs/remotes/origin/topic"]
    assert count(versioned, clone) == 33


def test_clone_without_blobs_fetches_them_when_they_are_needed(hers: GitClient, url: str) -> None:
    hers.clone(url, "clone", "--filter=blob:none", "--no-checkout")
    clone = hers.folder / "clone"
    before = missing_objects(hers, clone)

    hers.run("checkout", "HEAD", cwd=clone)

    assert before > 100
    assert before > missing_objects(hers, clone) > 0
    assert (clone / "README.md").read_text() == f"Day {COMMITS}\n"
    assert hers.run("show", "HEAD~30:README.md", cwd=clone).out == "Day 30\n"


def test_clone_without_trees_fetches_them_when_they_are_needed(hers: GitClient, url: str) -> None:
    hers.clone(url, "clone", "--filter=tree:0", "--no-checkout")
    clone = hers.folder / "clone"

    hers.run("checkout", "HEAD~1", cwd=clone)

    assert (clone / "docs" / "page-4.md").read_text() == "# Page\n\nWritten on day 59.\n"
    assert "docs/page-0.md" in hers.run("ls-tree", "-r", "--name-only", "HEAD~9", cwd=clone).out


def test_sparse_clone_holds_only_the_folders_asked_for(hers: GitClient, url: str) -> None:
    hers.clone(url, "clone", "--filter=blob:none", "--sparse")
    clone = hers.folder / "clone"

    hers.run("sparse-checkout", "set", "docs", cwd=clone)

    assert sorted(one.name for one in clone.iterdir()) == [".git", "README.md", "docs"]
    assert len(list((clone / "docs").iterdir())) == 5


def test_fetch_with_many_own_commits_sends_its_haves_compressed(
    served: Served, library: str, history: Path, git: GitClient
) -> None:
    work = git.init()
    git.run("pull", "--quiet", str(history), "main", cwd=work)
    stream = (
        f"commit refs/heads/main\ncommitter A <a@example.org> {1700000000 + number} +0000\ndata 1\nx\n"
        + ("from refs/heads/main^0\n" if number == 0 else "")
        for number in range(300)
    )
    git.run("fast-import", "--quiet", cwd=work, input="".join(stream))

    fetched = git.run("fetch", served.url(library), "topic", cwd=work, environment={"GIT_TRACE_CURL": "1"})

    assert "content-encoding: gzip" in fetched.err.lower()
    assert git.head(work, "FETCH_HEAD") == git.head(history, "topic")


def test_second_fetch_brings_only_what_is_new(
    way: Way, hers: GitClient, versioned: GitClient, anna: Person, history: Path
) -> None:
    path = way.served.repository(anna)
    url = way.url(path, anna)
    versioned.push(history, url, "main~5:refs/heads/main")
    versioned.clone(url)
    clone = versioned.folder / "clone"
    versioned.push(history, url, "main")

    fetched = versioned.run("fetch", "--verbose", "--progress", cwd=clone)

    assert "Total 25" in fetched.err or "remote: Total" in fetched.err
    assert versioned.head(clone, "origin/main") == versioned.head(history, "main")
    assert count(versioned, clone, "origin/main") == COMMITS


def test_empty_repository_is_cloned_with_its_default_branch(
    hers: GitClient, way: Way, path: str, anna: Person
) -> None:
    cloned = hers.clone(way.url(path, anna))

    assert "You appear to have cloned an empty repository" in cloned.err
    head = hers.run("symbolic-ref", "HEAD", cwd=hers.folder / "clone").out
    assert head == "refs/heads/main\n"


def test_private_repository_is_cloned_by_who_may_read_it(
    way: Way, hers: GitClient, anna: Person, history: Path
) -> None:
    url = way.url(way.served.repository(anna, private=True), anna)
    hers.push(history, url, "main")

    hers.clone(url)

    assert count(hers, hers.folder / "clone") == COMMITS
