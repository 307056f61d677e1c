"""A repository begins with a README, a licence and a list of what git leaves out, committed by the hub."""

import subprocess

import pytest
from flask import Flask
from sqlalchemy import select

from hub.access import Permission
from hub.app import Hub
from hub.repos import starters
from hub.repos.access import open_repository
from hub.repos.git.store import directory
from hub.repos.models import RefLogEntry, Repository
from tests.factories import SYSTEM, make_user
from tests.visitor import Visitor, words_of

pytestmark = pytest.mark.reads


@pytest.fixture
def anna(app: Flask, hub: Hub) -> Visitor:
    with hub.database.writing() as session:
        make_user(session, "anna").display_name = "Anna <Ångström>"
    visitor = Visitor(app)
    visitor.sign_in("anna")
    return visitor


def git_says(hub: Hub, *arguments: str) -> str:
    with hub.database.reading() as session:
        path = directory(hub.config, open_repository(session, SYSTEM, "anna/demo", need=Permission.SEE))
    done = subprocess.run(("git", "-C", str(path), *arguments), capture_output=True, check=True)
    return done.stdout.decode().strip()


def test_chosen_files_are_one_commit_that_is_recorded_as_a_push_is(anna: Visitor, hub: Hub) -> None:
    answer = anna.submit(
        "/new", name="demo", description="What it is.", readme="yes", licence="MIT", ignore="python"
    )
    assert answer.headers["Location"] == "/anna/demo"
    assert git_says(hub, "ls-tree", "-r", "--name-only", "main") == ".gitignore\nLICENSE\nREADME.md"
    assert git_says(hub, "show", "main:README.md") == "# demo\n\nWhat it is."
    assert "Anna <Ångström>" in git_says(hub, "show", "main:LICENSE")
    assert "__pycache__/" in git_says(hub, "show", "main:.gitignore")
    assert git_says(hub, "log", "--format=%an <%ae> %s", "main") == (
        "Anna Ångström <anna@noreply.localhost> Begin the repository"
    )
    assert git_says(hub, "fsck", "--strict") == ""
    with hub.database.reading() as session:
        assert session.scalars(select(RefLogEntry.ref)).all() == ["refs/heads/main"]
        row = session.scalars(select(Repository)).one()
        assert row.pushed_at is not None
        assert row.size_bytes > 1000
    assert "Begin the repository" in words_of(anna.get("/anna/demo").text)


@pytest.mark.parametrize("licence", starters.LICENCES)
def test_each_licence_is_there_as_a_whole(anna: Visitor, hub: Hub, licence: str) -> None:
    anna.submit("/new", name="demo", licence=licence)
    text = git_says(hub, "show", "main:LICENSE")
    assert len(text.splitlines()) > 15
    assert "{" not in text.replace("{one line", "").replace("{name", "") or licence == "Apache-2.0"


@pytest.mark.parametrize("ignore", starters.IGNORES)
def test_each_list_of_what_git_leaves_out_is_there(anna: Visitor, hub: Hub, ignore: str) -> None:
    anna.submit("/new", name="demo", ignore=ignore)
    assert len(git_says(hub, "show", "main:.gitignore").splitlines()) > 3


def test_repository_without_files_is_empty(anna: Visitor, hub: Hub) -> None:
    anna.submit("/new", name="demo")
    assert git_says(hub, "for-each-ref") == ""


@pytest.mark.parametrize(("field", "value"), [("licence", "WTFPL"), ("ignore", "../x")])
def test_a_choice_that_is_not_offered_is_refused_and_makes_nothing(
    anna: Visitor, hub: Hub, field: str, value: str
) -> None:
    answer = anna.submit("/new", name="demo", readme="yes", **{field: value})
    assert answer.status_code == 422
    assert "Choose one of the list." in words_of(answer.text)
    with hub.database.reading() as session:
        assert session.scalars(select(Repository)).all() == []
