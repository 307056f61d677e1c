"""What pages show of a repository, with odd names and many branches."""

import os

import pytest
from sqlalchemy.orm import Session

from hub.access import ANONYMOUS, Permission, Role
from hub.app import Hub
from hub.config import from_values
from hub.db import Database
from hub.jobs import run
from hub.repos import jobs, queries
from hub.repos.access import open_repository
from hub.repos.models import Repository
from tests.feature.repos.pushing import ZERO, Pusher


def opened(session: Session) -> Repository:
    return open_repository(session, ANONYMOUS, "anna/demo", need=Permission.SEE)


def test_an_empty_repository_offers_its_branch(hub: Hub, pusher: Pusher) -> None:
    with hub.database.reading() as session:
        page = queries.page_of(session, pusher.viewer, opened(session), base_url="https://hub.example.org")
    assert (page.is_empty, page.default_branch, page.offered_branch) == (True, None, "main")
    assert (page.clone_http, page.role) == ("https://hub.example.org/anna/demo.git", Role.OWN)


def test_a_repository_with_a_tag_alone_is_empty(hub: Hub, pusher: Pusher) -> None:
    pusher.push((ZERO, pusher.git.head(pusher.work), "refs/tags/v1"))
    with hub.database.reading() as session:
        assert queries.page_of(session, ANONYMOUS, opened(session)).is_empty
    pusher.push((ZERO, pusher.git.head(pusher.work), "refs/heads/zeta/one"))
    with hub.database.reading() as session:
        page = queries.page_of(session, ANONYMOUS, opened(session))
    assert (page.is_empty, page.default_branch) == (False, "zeta/one")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"ssh": "127.0.0.1:2222"}, "ssh://git@hub.example.org:2222/anna/demo.git"),
        ({"ssh": "0.0.0.0:22"}, "git@hub.example.org:anna/demo.git"),
        ({"ssh": ""}, None),
        ({"ssh_url": "git.example.org"}, "git@git.example.org:anna/demo.git"),
        ({"ssh_url": "git.example.org:2200"}, "ssh://git@git.example.org:2200/anna/demo.git"),
    ],
)
def test_the_ssh_address_is_as_configured(
    hub: Hub, pusher: Pusher, values: dict[str, str], expected: str | None
) -> None:
    settings = {"data": str(hub.config.data), "database_url": hub.config.database_url, **values}
    database = Database(from_values({"url": "https://hub.example.org", **settings}))
    with database.reading() as session:
        page = queries.page_of(session, ANONYMOUS, opened(session))
    database.dispose()
    assert page.clone_ssh == expected


def test_the_size_is_measured_again_and_again(hub: Hub, pusher: Pusher) -> None:
    pusher.git.commit(pusher.work, "big", {"big": os.urandom(100_000)})
    pusher.push((ZERO, pusher.git.head(pusher.work), "refs/heads/main"))
    sizes = []
    for _ in range(2):
        run(hub.database, jobs.measure_sizes.name, ())
        with hub.database.reading() as session:
            sizes.append(session.get_one(Repository, pusher.repository_id).size_bytes)
    assert sizes[0] == sizes[1] > 100_000


def test_a_push_adds_its_pack_to_the_size_at_once(hub: Hub, pusher: Pusher) -> None:
    commit = pusher.git.commit(pusher.work, "big", {"big": os.urandom(100_000)})
    pusher.send()
    packs = [path.stem for path in (pusher.directory / "objects/pack").glob("*.pack")]
    pusher.judge((ZERO, commit, "refs/heads/main"), packs=packs)
    pusher.move((ZERO, commit, "refs/heads/main"))
    pusher.record()
    with hub.database.reading() as session:
        assert 100_000 < session.get_one(Repository, pusher.repository_id).size_bytes < 120_000
