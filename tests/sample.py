"""A hub with a row of everything, for tests that walk over all of its pages."""

from dataclasses import dataclass
from datetime import timedelta

from flask import Flask

from hub.access import Role, Visibility
from hub.accounts.actions import make_setup_code
from hub.app import Hub
from hub.clock import now
from hub.repos import actions
from hub.repos.git.store import directory
from tests.factories import SYSTEM, make_key, make_repository, make_token, make_user
from tests.git_client import GitClient
from tests.visitor import Visitor


@dataclass(frozen=True)
class Sample:
    """anna owns a full, an empty and a private repository; bo may read that one, eve may not know of it."""

    hub: Hub
    app: Flask
    setup_code: str
    eve_token: str

    def visitor(self, name: str | None = None) -> Visitor:
        """A browser that comes through the front, with one request id, where that person is signed in."""
        visitor = Visitor(self.app, address="", X_Forwarded_For="192.0.2.1", X_Request_Id="one-request")
        if name is not None:
            visitor.sign_in(name)
            visitor.get("/")  # reads what the sign-in had to say
        return visitor


def make_sample(hub: Hub, app: Flask, git: GitClient) -> Sample:
    """The sample, in this hub."""
    with hub.database.writing() as session:
        anna, bo, eve = (make_user(session, name) for name in ("anna", "bo", "eve"))
        make_user(session, "root", is_admin=True)
        full = make_repository(session, anna, "full", description="A repository with branches.")
        full.pushed_at = now()
        make_repository(session, anna, "empty")
        private = make_repository(session, anna, "veiled", visibility=Visibility.PRIVATE)
        actions.grant(session, SYSTEM, private, bo, role=Role.READ)
        make_token(session, anna, label="laptop", expires_at=now() + timedelta(days=3))
        make_token(session, anna, label="for ever")
        make_key(session, anna, git.folder / "key", title="desk")
        eve_token = make_token(session, eve)
        setup_code = make_setup_code(session)
        folders = [directory(hub.config, full), directory(hub.config, private)]
    work = git.init()
    git.commit(work, "Describe what there is")
    git.run("branch", "other", cwd=work)
    for folder in folders:
        git.run("push", "--quiet", str(folder), "main", "other", cwd=work)
    return Sample(hub, app, setup_code, eve_token)
