"""What holds after every test that comes through the front door."""

from collections.abc import Iterator

import pytest

from hub.app import Hub
from tests import replayed


@pytest.fixture(autouse=True)
def _rows_are_what_entries_make(request: pytest.FixtureRequest) -> Iterator[None]:
    """Has each test leave every topic with the rows that a replay of its entries makes."""
    if "hub" not in request.fixturenames or request.node.get_closest_marker("no_replay"):
        yield
        return
    hub: Hub = request.getfixturevalue("hub")
    yield
    replayed.check_all(hub.database)
