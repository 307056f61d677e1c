"""A work folder to begin with, and what holds after every test that comes through the front door."""

from collections.abc import Callable, Iterator
from pathlib import Path
from zlib import crc32

import pytest

from hub.app import Hub
from tests import databases, replayed
from tests.databases import SqliteTemplate, Template
from tests.git_client import GitClient
from tests.rebuilt import OtherHub


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder with one commit, "first", to copy: git takes longer to make one."""
    git = GitClient(tmp_path_factory.mktemp("begun"))
    work = git.init()
    git.commit(work, "first")
    return work


@pytest.fixture(scope="session")
def _other_hub(tmp_path_factory: pytest.TempPathFactory, _templates: Callable[[str], Template]) -> OtherHub:
    template = _templates(databases.SQLITE)
    assert isinstance(template, SqliteTemplate)
    return OtherHub.made(tmp_path_factory.mktemp("other-hub"), template)


@pytest.fixture(autouse=True)
def _rows_are_what_entries_make(request: pytest.FixtureRequest) -> Iterator[None]:
    """Has each test leave every topic with the rows that its entries make, here and at another hub."""
    if "hub" not in request.fixturenames or request.node.get_closest_marker("no_replay"):
        yield
        return
    hub: Hub = request.getfixturevalue("hub")
    is_sqlite = request.getfixturevalue("database_kind") == databases.SQLITE
    # To rebuild takes longer than to replay: it is done after a third of the tests, the same ones each time.
    is_third = is_sqlite and crc32(request.node.nodeid.encode()) % 3 == 0
    other: OtherHub | None = request.getfixturevalue("_other_hub") if is_third else None
    yield
    replayed.check_all(hub.database)
    if other is not None:
        other.check_all(hub.database)
