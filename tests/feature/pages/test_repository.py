"""A repository's pages: made new, empty, and its home."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from hub.access import Role, Visibility
from hub.accounts.queries import get_user
from hub.app import Hub, create_app, load
from hub.config import from_values
from hub.repos.git.store import directory
from hub.repos.models import Repository
from tests.factories import make_collaborator, make_repository, make_user
from tests.git_client import GitClient
from tests.visitor import Visitor, words_of


@pytest.fixture
def anna(app: Flask, hub: Hub) -> Visitor:
    with hub.database.writing() as session:
        make_user(session, "anna")
    visitor = Visitor(app)
    visitor.sign_in("anna")
    return visitor


def make(hub: Hub, name: str, visibility: Visibility = Visibility.PUBLIC) -> Path:
    with hub.database.writing() as session:
        owner = get_user(session, "anna")
        made = make_repository(session, owner, name, description="A demonstration.", visibility=visibility)
        session.flush()
        return directory(hub.config, made)


@pytest.mark.parametrize("visibility", ["public", "private"])
def test_new_repository_is_empty_and_shows_how_to_push(anna: Visitor, hub: Hub, visibility: str) -> None:
    answer = anna.submit("/new", name="demo", description="What it is.", visibility=visibility)
    assert answer.headers["Location"] == "/anna/demo"
    page = anna.get("/anna/demo").text
    for line in (
        "git init -b main",
        "git remote add origin http://localhost/anna/demo.git",
        "git push -u origin main",
    ):
        assert line in page
    assert "What it is." in page
    with hub.database.reading() as session:
        assert session.scalars(select(Repository)).one().visibility == visibility


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"name": ""}, "Enter a name."),
        ({"name": "a/b"}, "Use letters (A to Z), digits"),
        ({"name": "demo.git"}, "A name cannot end with .git."),
        ({"name": "DEMO"}, "anna already has a repository"),
        ({"name": "other", "visibility": "secret"}, "Choose who may see the repository."),
        ({"name": "other", "description": "x" * 501}, "500"),
    ],
)
def test_repository_is_refused_in_words_and_what_was_typed_stays(
    anna: Visitor, hub: Hub, values: dict[str, object], fault: str
) -> None:
    make(hub, "demo")
    answer = anna.submit("/new", **{"description": "Typed before.", **values})
    assert answer.status_code in (409, 422)
    assert fault in words_of(answer.text)
    assert str(values.get("description", "Typed before.")) in answer.text
    with hub.database.reading() as session:
        assert len(session.scalars(select(Repository)).all()) == 1


def test_home_shows_the_files_of_the_default_branch(anna: Visitor, hub: Hub, git: GitClient) -> None:
    folder = make(hub, "demo")
    work = git.init()
    git.commit(work, "The <first> commit", {"README": "Read <me>.", "docs/a.txt": "a"})
    git.run("branch", "feature/näh", cwd=work)
    last = git.commit(work, "The last commit", {"docs/b.txt": "b"})
    git.run("tag", "v1", cwd=work)
    git.run("push", "--quiet", str(folder), "--all", cwd=work)
    git.run("push", "--quiet", str(folder), "--tags", cwd=work)
    page = anna.get("/anna/demo").text
    words = words_of(page)
    for part in ("2 branches", "1 tag", "The last commit", last[:8], "feature/näh", "Test Person", "docs"):
        assert part in words
    assert "Read &lt;me&gt;." in page
    assert f'href="/anna/demo/commit/{last}"' in page
    assert 'href="/anna/demo/src/branch/main/docs"' in page
    assert "http://localhost/anna/demo.git" in page
    assert "ssh://git@" in page or "git@" in page
    assert "b.txt" in words_of(anna.get("/anna/demo/src/branch/main/docs").text)
    assert "b.txt" not in words_of(anna.get("/anna/demo/src/branch/feature/n%C3%A4h/docs").text)


@pytest.mark.parametrize(
    ("path", "goal"), [("/anna/demo.git", "/anna/demo"), ("/anna/none.git", "/anna/none")]
)
def test_address_that_git_clones_from_leads_to_the_page(
    anna: Visitor, hub: Hub, path: str, goal: str
) -> None:
    make(hub, "demo")
    assert anna.get(path).headers["Location"] == goal


@pytest.mark.parametrize("role", [None, *Role])
def test_empty_repository_shows_how_to_push_only_to_those_who_may_push_its_first_branch(
    app: Flask, anna: Visitor, hub: Hub, role: Role | None
) -> None:
    make(hub, "demo")
    visitor = Visitor(app)
    if role is not None:
        with hub.database.writing() as session:
            repository = session.scalars(select(Repository)).one()
            visitor_name = make_collaborator(session, repository, role=role).name
        visitor.sign_in(visitor_name)
    page = visitor.get("/anna/demo").text
    assert ("git push -u origin main" in page) is (role in (Role.MAINTAIN, Role.OWN))
    assert "http://localhost/anna/demo.git" in page


def test_clone_address_is_the_one_people_use(hub: Hub, anna: Visitor) -> None:
    make(hub, "demo")
    through_front = Visitor(
        anna.client.application, address="", X_Forwarded_Proto="https", X_Forwarded_Host="code.example.org"
    )
    assert "https://code.example.org/anna/demo.git" in through_front.get("/anna/demo").text
    values = {
        "data": str(hub.config.data),
        "database_url": hub.config.database_url,
        "url": "https://hub.example.org/",
    }
    configured = load(from_values(values))
    assert "https://hub.example.org/anna/demo.git" in Visitor(create_app(configured)).get("/anna/demo").text
    configured.database.dispose()


def test_right_that_was_taken_back_is_gone_at_once(app: Flask, hub: Hub, anna: Visitor) -> None:
    from hub.repos.actions import revoke
    from tests.factories import SYSTEM

    make(hub, "secret", Visibility.PRIVATE)
    with hub.database.writing() as session:
        repository = session.scalars(select(Repository)).one()
        member = make_collaborator(session, repository, role=Role.READ).name
    visitor = Visitor(app)
    visitor.sign_in(member)
    assert visitor.get("/anna/secret").status_code == 200
    with hub.database.writing() as session:
        revoke(session, SYSTEM, session.scalars(select(Repository)).one(), get_user(session, member))
    assert visitor.get("/anna/secret").status_code == 404
    assert "secret" not in visitor.get("/").text


def test_times_are_told_in_words_and_in_full(anna: Visitor, hub: Hub) -> None:
    make(hub, "demo")
    with hub.database.writing() as session:
        session.scalars(select(Repository)).one().pushed_at = datetime(2020, 2, 29, 12, 30, tzinfo=UTC)
    page = anna.get("/anna").text
    assert 'datetime="2020-02-29T12:30:00+00:00"' in page
    assert 'title="Saturday, 29 February 2020, 12:30 UTC"' in page
    assert "years ago" in page
