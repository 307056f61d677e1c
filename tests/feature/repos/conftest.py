"""A repository with an owner, and a pusher for each person."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from hub.access import Role, Viewer, Visibility
from hub.accounts.models import User
from hub.accounts.queries import find_user
from hub.app import Hub
from hub.repos.models import Repository
from tests.factories import make_collaborator, make_repository, make_user
from tests.feature.repos.pushing import Pusher
from tests.git_client import GitClient
from tests.visitor import Visitor


@pytest.fixture
def repository(hub: Hub) -> Repository:
    """anna/demo, public and empty."""
    with hub.database.writing() as session:
        made = make_repository(session, make_user(session, "anna"), "demo")
        session.flush()
        session.refresh(made)
        session.expunge_all()
    return made


@pytest.fixture
def owner(repository: Repository) -> Viewer:
    """anna."""
    return Viewer(user_id=repository.owner_id, name="anna")


@pytest.fixture
def pusher(hub: Hub, repository: Repository, owner: Viewer, git: GitClient, begun: Path) -> Pusher:
    """anna with one commit in her work folder."""
    work = shutil.copytree(begun, git.folder / "work")
    return Pusher(hub, repository, owner, git, work)


@pytest.fixture
def pusher_as(hub: Hub, repository: Repository, pusher: Pusher) -> Callable[[Role | None], Pusher]:
    """Somebody of that role in anna/demo, with anna's work folder."""

    def make(role: Role | None) -> Pusher:
        with hub.database.writing() as session:
            row = session.get_one(Repository, repository.id)
            person = make_user(session) if role is None else make_collaborator(session, row, role=role)
            viewer = person.viewer()
        return Pusher(hub, repository, viewer, pusher.git, pusher.work)

    return make


@pytest.fixture
def private_repository(hub: Hub, owner: Viewer) -> Repository:
    """anna/secret."""
    with hub.database.writing() as session:
        anna = session.get_one(User, owner.user_id)
        made = make_repository(session, anna, "secret", visibility=Visibility.PRIVATE)
        session.flush()
        session.refresh(made)
        session.expunge_all()
    return made


@pytest.fixture
def browser(app: Flask, hub: Hub) -> Callable[[str], Visitor]:
    """A browser in which that person is signed in; they get an account where they have none."""

    def enter(name: str) -> Visitor:
        with hub.database.writing() as session:
            if find_user(session, name) is None:
                make_user(session, name, is_admin=name == "root")
        visitor = Visitor(app)
        visitor.sign_in(name)
        visitor.get("/")
        return visitor

    return enter
