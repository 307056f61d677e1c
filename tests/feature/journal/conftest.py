"""A journal that is talked in, and another hub."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.app import Hub, load
from hub.config import from_values
from tests.databases import Template
from tests.journal_talk import Talk


@pytest.fixture
def talk(hub: Hub) -> Talk:
    """A repository with a change."""
    return Talk(hub)


@pytest.fixture
def other_hub(tmp_path: Path, template_database: Template) -> Iterator[Hub]:
    """Another hub with a key and an empty database of its own."""
    data = tmp_path / "other"
    data.mkdir(mode=0o700)
    url = template_database.lend(data)
    loaded = load(from_values({"data": str(data), "database_url": url}))
    yield loaded
    loaded.database.dispose()
    template_database.take_back(url)
