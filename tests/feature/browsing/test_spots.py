"""What addresses name in a repository, and that nothing else is named by any id."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.app import Hub
from hub.db import config_of
from hub.errors import NotFound
from hub.repos.browsing.addresses import address_of, commit_address, compare_address
from hub.repos.browsing.spots import Spot, SpotKind, default_spot, find_spot, get_commit_id
from hub.repos.git.store import directory
from hub.repos.models import Repository
from tests.factories import make_repository
from tests.git_client import GitClient

pytestmark = pytest.mark.reads


@dataclass
class Made:
    id: int
    folder: Path
    work: Path
    first: str
    second: str


@pytest.fixture
def made(hub: Hub, git: GitClient) -> Made:
    """Two commits on main, the branch feature/a and the tag feature/a on the first, a tag of a tree."""
    with hub.database.writing() as session:
        repository = make_repository(session)
        repository_id, folder = repository.id, directory(config_of(session), repository)
    work = git.init()
    first = git.commit(work, "One")
    git.run("branch", "feature/a", cwd=work)
    git.run("tag", "-a", "-m", "A tag", "feature/a", cwd=work)
    git.run("tag", "tree", "HEAD^{tree}", cwd=work)
    second = git.commit(work, "Two")
    git.run("push", "--quiet", str(folder), "--all", cwd=work)
    git.run("push", "--quiet", str(folder), "--tags", cwd=work)
    return Made(repository_id, folder, work, first, second)


def find(hub: Hub, made: Made, kind: str, rest: bytes) -> Spot:
    with hub.database.reading() as session:
        return find_spot(session, session.get_one(Repository, made.id), kind, rest)


def commit(hub: Hub, made: Made, typed: str) -> str:
    with hub.database.reading() as session:
        return get_commit_id(session, session.get_one(Repository, made.id), typed)


def test_branch_with_slashes_and_a_path_behind_it(hub: Hub, made: Made) -> None:
    spot = find(hub, made, "branch", b"feature/a/docs/\xff")
    assert (spot.kind, spot.name, spot.commit_id, spot.path) == (
        SpotKind.BRANCH,
        "feature/a",
        made.first,
        b"docs/\xff",
    )


def test_annotated_tag_names_its_commit(hub: Hub, made: Made) -> None:
    assert find(hub, made, "tag", b"feature/a").commit_id == made.first


def test_commit_by_its_id_or_the_beginning_of_it(hub: Hub, made: Made) -> None:
    assert find(hub, made, "commit", made.first[:7].encode() + b"/x").commit_id == made.first
    assert commit(hub, made, made.second) == made.second
    assert commit(hub, made, made.first.upper()) == made.first


@pytest.mark.parametrize(
    ("kind", "rest"),
    [
        ("branch", b"main2"),
        ("branch", b"../../HEAD"),
        ("branch", b"feature"),
        ("branch", b"a\0b"),
        ("tag", b"main"),
        ("tag", b"tree"),
        ("commit", b"main"),
        ("commit", b"0123456"),
        ("commit", b"abc"),
        ("blob", b"main"),
    ],
)
def test_what_names_no_commit_is_not_found(hub: Hub, made: Made, kind: str, rest: bytes) -> None:
    with pytest.raises(NotFound):
        find(hub, made, kind, rest)


def test_ids_that_no_branch_or_tag_reaches_answer_as_unknown_ones(
    hub: Hub, made: Made, git: GitClient
) -> None:
    hidden = git.commit(made.work, "Hidden")
    git.run("push", "--quiet", str(made.folder), "HEAD:refs/changes/1/1", cwd=made.work)
    tree = git.run("rev-parse", "HEAD^{tree}", cwd=made.work).out.strip()
    unknown = "1" * 40
    texts = set()
    for typed in (hidden, tree, unknown, hidden[:9]):
        with pytest.raises(NotFound) as caught:
            commit(hub, made, typed)
        texts.add(str(caught.value).replace(typed, "ID"))
    assert len(texts) == 1


def test_commit_of_a_side_branch_is_reached_until_the_branch_is_gone(
    hub: Hub, made: Made, git: GitClient
) -> None:
    git.run("switch", "--quiet", "-c", "side", made.first, cwd=made.work)
    side = git.commit(made.work, "Aside")
    git.commit(made.work, "Further")
    git.run("push", "--quiet", str(made.folder), "side", cwd=made.work)
    assert commit(hub, made, side) == side
    git.run("push", "--quiet", str(made.folder), ":side", cwd=made.work)
    with pytest.raises(NotFound):
        commit(hub, made, side)


def test_default_spot_is_none_while_there_is_no_commit(hub: Hub, made: Made) -> None:
    with hub.database.writing() as session:
        assert default_spot(session, make_repository(session)) is None
        spot = default_spot(session, session.get_one(Repository, made.id))
    assert spot == Spot(SpotKind.BRANCH, "main", made.second)


def test_addresses_carry_any_name() -> None:
    class There:
        path = "anna/demo"

    spot = Spot(SpotKind.BRANCH, "ä/b", "1" * 40, b"a b/\xff\n#?%.txt")
    assert address_of("src", There(), spot) == ("/anna/demo/src/branch/%C3%A4/b/a%20b/%FF%0A%23%3F%25.txt")
    assert address_of("raw", There(), spot.fixed(), path=b"", w=1, none=None) == (
        "/anna/demo/raw/commit/" + "1" * 40 + "?w=1"
    )
    assert commit_address(There(), "1" * 40, ".patch") == "/anna/demo/commit/" + "1" * 40 + ".patch"
    assert compare_address(There(), "v1.0", "bo:ä/b") == "/anna/demo/compare/v1.0...bo:%C3%A4/b"
