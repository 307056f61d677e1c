"""A repository is made: the row, the directory, the event."""

import subprocess

import pytest

from hub.access import Scope, Viewer, Visibility
from hub.app import Hub
from hub.config import Config
from hub.errors import Forbidden, Invalid
from hub.repos import actions
from hub.repos.git.store import create, directory, set_head
from hub.repos.models import Repository
from tests.factories import make_repository, make_user


def git_says(config: Config, repository: Repository, *arguments: str) -> str:
    command = ("git", "-C", str(directory(config, repository)), *arguments)
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return done.stdout.strip()


def test_the_directory_is_bare_empty_and_named_by_id(hub: Hub, repository: Repository) -> None:
    path = directory(hub.config, repository)
    assert path == hub.config.data / "repositories" / "main" / f"{repository.id}.git"
    assert git_says(hub.config, repository, "rev-parse", "--is-bare-repository") == "true"
    assert git_says(hub.config, repository, "symbolic-ref", "HEAD") == "refs/heads/main"
    assert git_says(hub.config, repository, "for-each-ref") == ""
    assert git_says(hub.config, repository, "fsck") == ""
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_what_lay_there_before_is_set_aside_and_never_inherited(hub: Hub, repository: Repository) -> None:
    """Attack: after a restored backup a new row gets an old id, and with it somebody's objects."""
    path = directory(hub.config, repository)
    (path / "objects" / "pack" / "pack-secret.pack").write_bytes(b"secret")
    create(hub.config, repository)
    assert list((path / "objects" / "pack").iterdir()) == []
    aside = [one for one in path.parent.iterdir() if one.name.startswith(f"lost-{repository.id}-")]
    assert [(one / "objects/pack/pack-secret.pack").read_bytes() for one in aside] == [b"secret"]


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("demo", "name"),
        ("DEMO", "name"),
        ("", "name"),
        ("..", "name"),
        ("-x", "name"),
        ("a/b", "name"),
        ("x.git", "name"),
        ("Settings", "name"),
        ("café", "name"),
        ("x" * 101, "name"),
    ],
)
def test_a_name_that_is_taken_or_not_allowed_is_refused(
    hub: Hub, owner: Viewer, repository: Repository, name: str, field: str
) -> None:
    with hub.database.writing() as session:
        anna = session.get_one(Repository, repository.id).owner
        with pytest.raises(Invalid) as raised:
            actions.create_repository(session, owner, anna, name=name)
    assert list(raised.value.fields) == [field]


def test_other_fields_are_checked_too(hub: Hub, owner: Viewer, repository: Repository) -> None:
    with hub.database.writing() as session:
        anna = session.get_one(Repository, repository.id).owner
        with pytest.raises(Invalid) as too_long:
            actions.create_repository(session, owner, anna, name="a", description="x" * 501)
        with pytest.raises(Invalid) as no_branch:
            actions.create_repository(session, owner, anna, name="a", default_branch="a..b")
    assert list(too_long.value.fields) == ["description"]
    assert list(no_branch.value.fields) == ["default_branch"]


def test_nobody_makes_a_repository_for_somebody_else(hub: Hub, owner: Viewer, repository: Repository) -> None:
    with hub.database.writing() as session:
        eve = make_user(session, "eve")
        anna = session.get_one(Repository, repository.id).owner
        with pytest.raises(Forbidden):
            actions.create_repository(session, eve.viewer(), anna, name="x")
        with pytest.raises(Forbidden):
            actions.create_repository(session, eve.viewer(frozenset({Scope.ACCOUNT})), eve, name="x")
        made = actions.create_repository(
            session, eve.viewer(), eve, name="demo", visibility=Visibility.PRIVATE, default_branch="trunk"
        )
        assert git_says(hub.config, made, "symbolic-ref", "HEAD") == "refs/heads/trunk"


def test_a_directory_of_a_rolled_back_row_does_not_stand_in_the_way(hub: Hub) -> None:
    def make_and_fail() -> None:
        with hub.database.writing() as session:
            make_repository(session, make_user(session, "ann"), "one")
            raise LookupError("rolled back")

    with pytest.raises(LookupError):
        make_and_fail()
    with hub.database.writing() as session:
        made = make_repository(session, make_user(session, "ann"), "two")
        assert git_says(hub.config, made, "for-each-ref") == ""


def test_head_is_moved_under_gits_own_lock(hub: Hub, repository: Repository) -> None:
    path = directory(hub.config, repository)
    (path / "HEAD.lock").touch()
    with pytest.raises(FileExistsError):
        set_head(path, "refs/heads/other")
    assert git_says(hub.config, repository, "symbolic-ref", "HEAD") == "refs/heads/main"
    (path / "HEAD.lock").unlink()
    set_head(path, "refs/heads/other")
    assert git_says(hub.config, repository, "symbolic-ref", "HEAD") == "refs/heads/other"
    assert not (path / "HEAD.lock").exists()
