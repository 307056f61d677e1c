"""What tests of search may ask for."""

from collections.abc import Iterator

import pytest

from hub.app import Hub
from tests.feature.search.word_ground import Words


@pytest.fixture
def words(hub: Hub) -> Iterator[Words]:
    """A hub in which things are said, indexed and searched."""
    made = Words(hub)
    yield made
    made.search.close()
