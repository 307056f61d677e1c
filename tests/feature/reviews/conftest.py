"""A repository with a branch, its owner, and people who propose changes to it."""

from collections.abc import Callable

import pytest

from hub.access import Role
from hub.app import Hub
from hub.repos.models import Repository
from tests.factories import make_collaborator, make_repository, make_user
from tests.feature.repos.pushing import ZERO, Pusher
from tests.git_client import GitClient

MAIN = "refs/heads/main"


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
def pusher_as(hub: Hub, repository: Repository, git: GitClient) -> Callable[..., Pusher]:
    """Makes somebody of that name and role (None: none) in anna/demo; all share one work folder."""
    work = git.init()
    git.commit(work, "first")

    def make(name: str, role: Role | None = None) -> Pusher:
        with hub.database.writing() as session:
            row = session.get_one(Repository, repository.id)
            person = (
                make_user(session, name)
                if role is None
                else make_collaborator(session, row, role=role, name=name)
            )
            viewer = person.viewer()
        return Pusher(hub, repository, viewer, git, work)

    return make


@pytest.fixture
def anna(hub: Hub, repository: Repository, pusher_as: Callable[..., Pusher]) -> Pusher:
    """The owner, after she pushed `main`."""
    made = pusher_as("starter", Role.WRITE)
    from hub.accounts.models import User

    with hub.database.reading() as session:
        made.viewer = session.get_one(User, repository.owner_id).viewer()
    made.push((ZERO, made.git.head(made.work), MAIN))
    return made


@pytest.fixture
def bob(anna: Pusher, pusher_as: Callable[..., Pusher]) -> Pusher:
    """Somebody without any role there."""
    return pusher_as("bob")
