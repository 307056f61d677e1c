"""`hub gc` and `hub repo fork`."""

import json

import pytest
from sqlalchemy import select

from hub.app import Hub
from hub.repos.git.store import directory
from hub.repos.models import Repository
from tests.factories import make_user
from tests.feature.cli.conftest import Run
from tests.git_client import GitClient


@pytest.fixture(autouse=True)
def _filled(hub: Hub, run: Run, git: GitClient) -> None:
    """anna/demo with one commit."""
    with hub.database.writing() as session:
        for name in ("anna", "bo"):
            make_user(session, name, password=None)
    run("repo", "create", "anna/demo")
    work = git.init()
    git.commit(work)
    with hub.database.reading() as session:
        git.push(work, "-q", str(directory(hub.config, session.scalars(select(Repository)).one())), "main")


def test_every_repository_is_repacked(hub: Hub, run: Run) -> None:
    run("repo", "create", "bo/empty")
    rows = json.loads(run("gc", "--json").stdout)
    assert [(row["path"], row["packs_after"]) for row in rows] == [("anna/demo", 1), ("bo/empty", 0)]
    with hub.database.reading() as session:
        assert None not in session.scalars(select(Repository.maintained_at)).all()


def test_repack_of_nothing_is_refused_in_words(run: Run) -> None:
    assert "No repository anna/none" in run("gc", "anna/none", exit_code=1).stderr


def test_fork_is_made_for_somebody(hub: Hub, run: Run) -> None:
    assert run("repo", "fork", "anna/demo", "bo/own").stdout == "Made bo/own, a fork of anna/demo.\n"
    with hub.database.reading() as session:
        fork = session.scalars(select(Repository).where(Repository.name == "own")).one()
        assert (directory(hub.config, fork) / "objects/info/alternates").exists()


def test_fork_of_what_its_owner_may_not_read_is_refused(run: Run) -> None:
    run("repo", "visibility", "anna/demo", "private")
    said = run("repo", "fork", "anna/demo", "bo/own", exit_code=1).stderr
    assert said.startswith(
        "A fork of anna/demo belongs to somebody who may read it.\nbo has no role there.\n"
    )


def test_origin_of_forks_is_narrowed_once_they_are_whole(hub: Hub, run: Run) -> None:
    run("repo", "fork", "anna/demo", "bo/own")
    run("repo", "visibility", "anna/demo", "private")
    with hub.database.reading() as session:
        fork = session.scalars(select(Repository).where(Repository.name == "own")).one()
        assert fork.lender_id is None
        assert not (directory(hub.config, fork) / "objects/info/alternates").exists()
