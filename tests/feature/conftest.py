"""What holds after every test that comes through the front door."""

from collections.abc import Callable, Iterator
from zlib import crc32

import pytest

from hub.app import Hub
from tests import databases, replayed
from tests.databases import SqliteTemplate, Template
from tests.rebuilt import OtherHub


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
    other: OtherHub | None = request.getfixturevalue("_other_hub") if is_sqlite else None
    yield
    # What is rebuilt elsewhere was replayed from nothing, too.
    if other is None or not other.check_all(hub.database) or crc32(request.node.nodeid.encode()) % 4 == 0:
        replayed.check_all(hub.database)
