"""The journal's commits are for clones: no page of code shows them, and a fork begins with none of them."""

import pytest
from flask import Flask
from sqlalchemy import select

from hub.app import Hub
from hub.journal.refs.exporting import export
from hub.repos.forks.forking import fork_repository
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory
from hub.repos.models import Repository
from tests.factories import make_user
from tests.feature.repos.pushing import Pusher
from tests.feature.reviews.talking_people import propose
from tests.visitor import Visitor


@pytest.fixture
def head(hub: Hub, anna: Pusher, bob: Pusher) -> str:
    """The newest commit of the journal of anna/demo."""
    propose(bob)
    export(hub.database, anna.repository_id)
    found = RefFiles(anna.directory).get("refs/hub/at")
    assert found is not None
    return found


@pytest.mark.parametrize(
    "page",
    [
        "commit/{0}",
        "commit/{0}.patch",
        "src/commit/{0}",
        "src/commit/{0}/0.0",
        "raw/commit/{0}/0.0",
        "commits/commit/{0}",
        "archive/{0}.tar.gz",
        "compare/main...{0}",
        "src/branch/refs/hub/at",
        "src/tag/hub/at",
        "archive/refs/hub/at.zip",
        "compare/main...refs/hub/at",
    ],
)
def test_no_page_of_code_shows_the_journal(app: Flask, head: str, page: str) -> None:
    visitor = Visitor(app)
    visitor.sign_in("anna")
    assert visitor.get(f"/anna/demo/{page.format(head)}").status_code == 404


def test_a_fork_begins_a_journal_of_its_own(hub: Hub, anna: Pusher, head: str) -> None:
    with hub.database.writing() as session:
        carl = make_user(session, "carl")
        origin = session.get_one(Repository, anna.repository_id)
        fork_id = fork_repository(session, carl.viewer(), origin, owner=carl, name="copy").id
    with hub.database.reading() as session:
        fork = session.scalars(select(Repository).where(Repository.id == fork_id)).one()
        path = directory(hub.config, fork)
    assert RefFiles(path).list_names(b"refs/hub/") == []
    export(hub.database, fork_id)
    ours, theirs = (RefFiles(one).get("refs/hub/repo") for one in (path, anna.directory))
    assert ours not in (None, theirs)
    assert RefFiles(path).list_names(b"refs/hub/changes/") == []
