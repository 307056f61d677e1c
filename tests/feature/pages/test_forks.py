"""The pages about forks and imports: made, refused, synced, tried again."""

import io
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access import Role, Visibility
from hub.accounts.models import User
from hub.accounts.queries import get_user
from hub.app import Hub, create_app
from hub.gateway.web_proxy import UPLOADS
from hub.repos.actions import grant
from hub.repos.git.store import directory
from hub.repos.loans import settle
from hub.repos.models import Import, ImportState, Repository
from hub.web import scopes
from tests.factories import SYSTEM, make_repository, make_user
from tests.git_client import GitClient
from tests.visitor import Visitor, words_of


@pytest.fixture
def work(hub: Hub, git: GitClient) -> Path:
    """Anna's work, pushed to her public repository library and to her private one."""
    work = git.init()
    git.commit(work, "One")
    with hub.database.writing() as session:
        anna = make_user(session, "anna")
        made = [
            make_repository(session, anna, "library"),
            make_repository(session, anna, "secret", visibility=Visibility.PRIVATE),
        ]
        session.flush()
        folders = [directory(hub.config, one) for one in made]
    for folder in folders:
        git.push(work, "-q", str(folder), "main")
    return work


@pytest.fixture
def ben(app: Flask, hub: Hub, work: Path) -> Visitor:
    """Ben's browser; he may read anna/secret."""
    with hub.database.writing() as session:
        user = make_user(session, "ben")
        secret = session.scalars(select(Repository).where(Repository.name == "secret")).one()
        grant(session, SYSTEM, secret, user, role=Role.READ)
    visitor = Visitor(app)
    visitor.sign_in("ben")
    return visitor


def push(hub: Hub, git: GitClient, work: Path, path: str, *options: str) -> None:
    owner, _, name = path.partition("/")
    with hub.database.reading() as session:
        user = get_user(session, owner)
        wanted = select(Repository).where(Repository.name == name, Repository.owner_id == user.id)
        folder = directory(hub.config, session.scalars(wanted).one())
    git.push(work, "-q", *options, str(folder), "main")


def test_fork_is_made_by_the_form_and_says_what_it_is_of(ben: Visitor) -> None:
    answer = ben.submit("/anna/library/fork")
    assert answer.headers["Location"] == "/ben/library"
    page = words_of(ben.get("/ben/library").text)
    assert "Fork of anna/library" in page
    assert "main is level with its origin." in page
    assert "1 fork" in words_of(ben.get("/anna/library/forks").text)
    assert 'value="library-fork"' in ben.get("/anna/library/fork").text


def test_fork_is_synced_by_its_button(hub: Hub, ben: Visitor, git: GitClient, work: Path) -> None:
    ben.submit("/anna/library/fork")
    git.commit(work, "Two")
    push(hub, git, work, "anna/library")
    assert "main lacks 1 commit of its origin." in words_of(ben.get("/ben/library").text)
    assert ben.submit("/ben/library", action="/ben/library/sync").headers["Location"] == "/ben/library"
    page = words_of(ben.get("/ben/library").text)
    assert page.startswith("The branch is where its origin is.")
    assert "lacks" not in page


def test_fork_with_commits_of_its_own_is_not_synced(
    hub: Hub, ben: Visitor, git: GitClient, work: Path
) -> None:
    ben.submit("/anna/library/fork")
    base = git.commit(work, "Two")
    push(hub, git, work, "anna/library")
    git.run("reset", "-q", "--hard", f"{base}~1", cwd=work)
    git.commit(work, "Own")
    push(hub, git, work, "ben/library")
    page = words_of(ben.get("/ben/library").text)
    assert "main lacks 1 commit of its origin. main has 1 commit of its own." in page
    assert "Sync branch" not in page


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"name": "a/b"}, "Use letters (A to Z), digits"),
        ({"visibility": "public"}, "A fork of a private repository is private."),
        ({"visibility": "everybody"}, "Choose who may see the repository."),
        ({"description": "x" * 501}, "Use at most 500 characters."),
    ],
)
def test_fork_that_cannot_be_is_refused_beside_its_field(
    ben: Visitor, values: dict[str, str], fault: str
) -> None:
    answer = ben.submit("/anna/secret/fork", **values)
    assert answer.status_code == 422
    assert fault in words_of(answer.text)


def test_origin_that_may_not_be_seen_is_not_named(hub: Hub, app: Flask, ben: Visitor) -> None:
    ben.submit("/anna/secret/fork")
    with hub.database.writing() as session:
        carl_id = make_user(session, "carl").id

    def let_in(session: Session) -> None:
        fork = session.scalars(select(Repository).where(Repository.origin_id.is_not(None))).one()
        grant(session, SYSTEM, fork, session.get_one(User, carl_id), role=Role.READ)

    settle(hub.database, let_in)
    carl = Visitor(app)
    carl.sign_in("carl")
    page = words_of(carl.get("/ben/secret").text)
    assert "1 branch" in page
    assert "anna" not in page


def test_stranger_is_asked_to_sign_in_before_forking(app: Flask, work: Path) -> None:
    assert Visitor(app).get("/anna/library/fork", Accept="text/html").status_code in (302, 401)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"url": "ftp://example.org/x"}, "Give an address that begins with https:// or http://."),
        ({"url": "https://2130706433/x"}, "Write an IP address as four numbers"),
        ({"url": ""}, "Enter the address of a repository, or choose a bundle below."),
        ({"url": "", "bundle": b""}, "Choose a file, or give an address."),
        ({"url": "https://example.org/x", "name": ""}, "Enter a name."),
        ({"url": "https://example.org/x", "secret": "x" * 1001}, "Use at most 1000 characters"),
    ],
)
def test_import_that_cannot_be_is_refused_beside_its_field(
    hub: Hub, ben: Visitor, values: dict[str, object], fault: str
) -> None:
    if "bundle" in values:
        values = {**values, "bundle": (io.BytesIO(), "a.bundle")}
    answer = ben.submit("/new/import", **{"name": "brought", **values})
    assert answer.status_code == 422
    assert fault in words_of(answer.text)
    with hub.database.reading() as session:
        assert session.scalars(select(Import)).all() == []
    assert list(hub.config.data.glob("run/imports/*.bundle")) == []


def test_import_shows_how_far_it_is_and_how_it_ended(hub: Hub, ben: Visitor) -> None:
    ben.submit("/new/import", name="brought", url="https://carl:hush@example.org/x.git")
    assert '<meta http-equiv="refresh"' in ben.get("/ben/brought").text
    assert "https://example.org/x.git" in words_of(ben.get("/ben/brought").text)
    with hub.database.writing() as session:
        row = session.scalars(select(Import)).one()
        row.state, row.error = ImportState.FAILED, "Nobody answers at this address."
    page = ben.get("/ben/brought").text
    assert "Nobody answers at this address." in words_of(page)
    assert "refresh" not in page
    assert "hush" not in page
    ben.submit("/ben/brought", action="/ben/brought/import")
    assert "Waiting for its turn." in words_of(ben.get("/ben/brought").text)


def test_front_takes_large_bodies_where_a_page_does(hub: Hub) -> None:
    app = create_app(hub)
    declared = {
        rule.rule.encode()
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ())
        and getattr(app.view_functions[rule.endpoint], "hub_declaration", scopes.Declaration()).takes_upload
    }
    assert declared == UPLOADS
