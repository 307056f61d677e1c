"""A hub that shows the odd repository, for tests that read every page and change nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from hub.access import Permission, Role, Visibility
from hub.accounts.queries import get_user
from hub.app import Hub, create_app, load
from hub.config import from_values
from hub.repos import actions
from hub.repos.access import open_repository
from hub.repos.forks.forking import fork_repository
from hub.repos.git.store import directory
from tests.databases import SqliteTemplate
from tests.factories import SYSTEM, make_user
from tests.odd_repository import OddRepository, git, host
from tests.visitor import Visitor


@dataclass(frozen=True, slots=True)
class OddSite:
    """anna owns the public `odd` and the private `secret`; bo reads that, and his `fork` borrows from it.

    `of_origin` is a commit of `secret` that came after the fork. Costly pages are not counted.
    """

    hub: Hub
    app: Flask
    odd: OddRepository
    of_origin: str

    def visitor(self, name: str | None = None) -> Visitor:
        """A browser with one request id, where that person is signed in."""
        visitor = Visitor(self.app, X_Forwarded_For="192.0.2.1", address="", X_Request_Id="one-request")
        if name is not None:
            visitor.sign_in(name)
            visitor.get("/")  # reads what the sign-in had to say
        return visitor


@contextmanager
def odd_site(folder: Path, odd: OddRepository) -> Iterator[OddSite]:
    """The site, over SQLite."""
    template, data = folder / "template", folder / "data"
    template.mkdir()
    data.mkdir(mode=0o700)
    SqliteTemplate.migrated(template).copy_to(data)
    hub = load(from_values({"data": str(data), "costly_per_minute": "0"}))
    with hub.database.writing() as session:
        for name in ("anna", "bo", "eve"):
            make_user(session, name)
    host(hub, odd, "anna")
    host(hub, odd, "anna", name="secret", is_private=True)
    app = create_app(hub)
    yield OddSite(hub, app, odd, _fork(hub))
    hub.database.dispose()


def _fork(hub: Hub) -> str:
    """Makes the fork, and then the commit that only its origin has."""
    with hub.database.writing() as session:
        secret = open_repository(session, SYSTEM, "anna/secret", need=Permission.SEE)
        bo, place = get_user(session, "bo"), directory(hub.config, secret)
        actions.grant(session, SYSTEM, secret, bo, role=Role.READ)
        private = Visibility.PRIVATE
        fork_repository(session, bo.viewer(), secret, owner=bo, name="fork", visibility=private)
    tree = git(place, "rev-parse", "main^{tree}").decode().strip()
    made = git(place, "commit-tree", "-m", "of the origin alone", "-p", "main", tree).decode().strip()
    git(place, "update-ref", "refs/heads/of-the-origin-alone", made)
    return made
