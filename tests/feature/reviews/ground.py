"""What tests of changes begin with: made once for each kind of database, put into the hub of each test."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from hub.access import Permission, Role
from hub.accounts.queries import get_user
from hub.app import Hub, load
from hub.config import from_values
from hub.repos.access import open_repository
from hub.repos.models import Repository
from tests.databases import Template
from tests.factories import SYSTEM, make_collaborator, make_repository, make_user
from tests.feature.repos.pushing import ZERO, Pusher
from tests.git_client import GitClient
from tests.kept_rows import KeptRows

MAIN = "refs/heads/main"


@dataclass(frozen=True, slots=True)
class Ground:
    """A hub's rows, repositories and keys, and the work folder that all of its people share."""

    data: Path
    work: Path
    rows: KeptRows

    @classmethod
    def made(cls, folder: Path, template: Template, make: Callable[[Hub, GitClient], None]) -> Self:
        """What that function makes of an empty hub, in that folder."""
        data = folder / "data"
        data.mkdir(mode=0o700)
        url = template.lend(data)
        hub = load(from_values({"data": str(data), "database_url": url}))
        git = GitClient(folder / "git")
        make(hub, git)
        rows = KeptRows.of(hub.database)
        hub.database.dispose()
        template.take_back(url)
        return cls(data, git.folder / "work", rows)

    def put_into(self, hub: Hub, git: GitClient) -> None:
        """Has an empty hub be like that one."""
        self.rows.put_into(hub.database)
        for name in ("repositories", "keys"):
            shutil.copytree(self.data / name, hub.config.data / name, symlinks=True, dirs_exist_ok=True)
        shutil.copytree(self.work, git.folder / "work", symlinks=True)


def begin(hub: Hub, git: GitClient) -> None:
    """anna/demo, public, whose main she pushed; starter, who may write there, and bob, who has no role."""
    work = git.init()
    commit = git.commit(work, "first")
    with hub.database.writing() as session:
        repository = make_repository(session, make_user(session, "anna"), "demo")
        make_collaborator(session, repository, role=Role.WRITE, name="starter")
        make_user(session, "bob")
    pusher_of(hub, git, "anna").push((ZERO, commit, MAIN))


def demo(hub: Hub) -> Repository:
    """anna/demo, in no session."""
    with hub.database.reading() as session:
        found = open_repository(session, SYSTEM, "anna/demo", need=Permission.SEE)
        session.expunge_all()
    return found


def pusher_of(hub: Hub, git: GitClient, name: str) -> Pusher:
    """Somebody there is, who pushes into anna/demo."""
    with hub.database.reading() as session:
        viewer = get_user(session, name).viewer()
    return Pusher(hub, demo(hub), viewer, git, git.folder / "work")
