"""The journal goes to whoever asks for it, costs nobody else anything, and is nobody's to push."""

from pathlib import Path

import pytest

from hub.journal.refs.exporting import export
from tests.git_client import GitClient
from tests.served import Person
from tests.wire.records import journal_refs, refs_on_disk, repository_id
from tests.wire.ways import Way

NAMES = {"refs/hub/at", "refs/hub/changes/1", "refs/hub/repo"}
ASIDE = "refs/hub-broken/changes/1/0"

versions = pytest.mark.parametrize("version", ["0", "1", "2"])


@pytest.fixture
def journal(hers: GitClient, way: Way, path: str, work: Path) -> dict[str, str]:
    """The refs of the journal of a repository with one change, and one that was put aside."""
    tree = f"{hers.head(work)}^{{tree}}"
    hers.commit(work, "Fix typo", {"README": "the\n"})
    hers.push(work, "origin", "HEAD:refs/for/main")
    export(way.served.hub.database, repository_id(way.served, path))
    directory = way.served.git_directory(path)
    aside = hers.run("-C", str(directory), "commit-tree", "-m", "not ours", tree).out.strip()
    hers.run("-C", str(directory), "update-ref", ASIDE, aside)
    return journal_refs(hers, directory)


@versions
def test_a_mirror_brings_the_journal_and_nothing_put_aside(
    his: GitClient, way: Way, path: str, journal: dict[str, str], ben: Person, version: str
) -> None:
    his.run("-c", f"protocol.version={version}", "clone", "--mirror", way.url(path, ben), "mirror")

    mirror = his.folder / "mirror"
    assert journal_refs(his, mirror) == {name: journal[name] for name in NAMES}
    assert {"refs/heads/main", "refs/changes/1/1"} <= refs_on_disk(his, mirror).keys()


@versions
def test_the_journal_is_fetched_whole_or_by_the_names_of_its_refs(
    his: GitClient, way: Way, path: str, journal: dict[str, str], ben: Person, version: str
) -> None:
    url, (few, whole) = way.url(path, ben), (his.init("few"), his.init("whole"))
    fetch = ("-c", f"protocol.version={version}", "fetch", "-q", url)
    his.run(*fetch, "refs/hub/repo:refs/hub/repo", "refs/hub/changes/1:refs/hub/changes/1", cwd=few)
    his.run(*fetch, "+refs/hub/*:refs/hub/*", cwd=whole)

    assert journal_refs(his, few) == {name: journal[name] for name in NAMES if name != "refs/hub/at"}
    assert journal_refs(his, whole) == {name: journal[name] for name in NAMES}


def test_whoever_clones_or_pushes_as_usual_is_not_told_of_the_journal(
    hers: GitClient, way: Way, path: str, anna: Person, work: Path, journal: dict[str, str]
) -> None:
    traced = {"GIT_TRACE_PACKET": "1"}
    cloned = hers.run("clone", way.url(path, anna), "clone", environment=traced)
    fetched = hers.run("fetch", "origin", cwd=work, environment=traced)
    pushed = hers.run("push", "origin", "HEAD:refs/heads/other", cwd=work, environment=traced)

    assert all(
        "refs/heads/main" in one.err and "refs/hub" not in one.err for one in (cloned, fetched, pushed)
    )


@pytest.mark.parametrize(
    "ref", ["refs/hub/repo", "refs/hub/changes/9", "refs/hub-broken/x", "refs/hub-from/x"]
)
def test_nobody_pushes_to_the_journal(
    hers: GitClient, way: Way, path: str, work: Path, journal: dict[str, str], ref: str
) -> None:
    pushed = hers.push(work, "--force", "origin", f"HEAD:{ref}", check=False)
    deleted = hers.push(work, "origin", f":{ref}", check=False)

    assert "deny updating a hidden ref" in pushed.err
    assert not deleted.ok
    assert journal_refs(hers, way.served.git_directory(path)) == journal


@pytest.mark.parametrize("version", ["0", "2"])
def test_nobody_is_served_what_was_put_aside(
    his: GitClient, way: Way, path: str, journal: dict[str, str], ben: Person, version: str
) -> None:
    """The attack: a ref of the journal held what the hub never signed; its id is known, and asked for."""
    work = his.init()
    for wanted in (journal[ASIDE], ASIDE):
        fetch = ("-c", f"protocol.version={version}", "fetch", way.url(path, ben), wanted)
        assert not his.run(*fetch, cwd=work, check=False).ok
    assert not his.run("cat-file", "-e", journal[ASIDE], cwd=work, check=False).ok


def test_the_journal_of_a_private_repository_does_not_exist_for_others(
    his: GitClient, way: Way, anna: Person, ben: Person
) -> None:
    private, work = way.served.repository(anna, private=True), his.init()
    said = [
        his.fetch(work, way.url(path, ben), "refs/hub/repo", check=False).err.replace(path, "PATH")
        for path in (private, f"{anna.name}/no-such-repository")
    ]

    assert said[0] == said[1]
    assert "PATH" in said[0]
