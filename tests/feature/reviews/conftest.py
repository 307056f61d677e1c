"""A repository with a branch, its owner, and people who propose changes to it."""

from collections.abc import Callable
from functools import cache

import pytest

from hub.access import Role
from hub.app import Hub
from hub.repos.models import Repository
from tests.databases import Template
from tests.factories import make_collaborator, make_user
from tests.feature.repos.pushing import Pusher
from tests.feature.reviews.ground import Ground, begin, demo, pusher_of
from tests.git_client import GitClient


@pytest.fixture(scope="session")
def _grounds(
    tmp_path_factory: pytest.TempPathFactory, _templates: Callable[[str], Template]
) -> Callable[[str], Ground]:
    return cache(lambda kind: Ground.made(tmp_path_factory.mktemp("ground"), _templates(kind), begin))


@pytest.fixture
def ground(database_kind: str, _grounds: Callable[[str], Ground]) -> Ground:
    """What the test begins with."""
    return _grounds(database_kind)


@pytest.fixture
def repository(hub: Hub, git: GitClient, ground: Ground) -> Repository:
    """anna/demo, public, with one commit on main."""
    ground.put_into(hub, git)
    return demo(hub)


@pytest.fixture
def pusher_as(hub: Hub, repository: Repository, git: GitClient) -> Callable[..., Pusher]:
    """Makes somebody of that name and role (None: none) in anna/demo; all share one work folder."""

    def make(name: str, role: Role | None = None) -> Pusher:
        with hub.database.writing() as session:
            if role is None:
                make_user(session, name)
            else:
                row = session.get_one(Repository, repository.id)
                make_collaborator(session, row, role=role, name=name)
        return pusher_of(hub, git, name)

    return make


@pytest.fixture
def anna(hub: Hub, repository: Repository, git: GitClient) -> Pusher:
    """The owner, who pushed `main`."""
    return pusher_of(hub, git, "anna")


@pytest.fixture
def bob(hub: Hub, repository: Repository, git: GitClient) -> Pusher:
    """Somebody without any role there."""
    return pusher_of(hub, git, "bob")
