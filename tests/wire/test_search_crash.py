"""The code index survives whatever ends its worker, and answers rightly while others change it."""

import subprocess
from collections.abc import Iterator

import pytest

from hub.app import Hub
from hub.search.code.indexing import indexing, update_view
from tests.search_proof import MAIN, ROOT, Forks, command_of, crowd, kill_often, make_moving
from tests.wire.beside import beside

# The full thirty, and the full minute, are `python -m tests.bench search-kills search-crowd`.
KILLS = 6
SECONDS = 3.0


@pytest.fixture
def moving(hub: Hub) -> list[int]:
    """Two repositories whose branches move, indexed once."""
    ids = [make_moving(hub, seed=seed) for seed in range(2)]
    with indexing(hub.config) as index:
        for one in ids:
            update_view(hub.database, index, one, MAIN)
    return ids


@pytest.fixture
def forks(hub: Hub) -> Iterator[Forks]:
    with beside(command_of(hub.config), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Forks(process)


def test_an_indexer_that_is_killed_leaves_an_index_that_equals_git(
    hub: Hub, moving: list[int], forks: Forks
) -> None:
    found = list(kill_often(hub, moving[0], forks, kills=KILLS, seed=1))
    assert [one["files"] for one in found] == [121] * KILLS


def test_whoever_searches_while_others_index_gets_no_wrong_answer(
    hub: Hub, moving: list[int], forks: Forks
) -> None:
    told = crowd(hub, moving, forks, seconds=SECONDS)
    assert [one["wrong"] for one in told if one["role"] == "read"] == [[], []]
    assert all(one["done"] for one in told)
