"""The code index while its worker is killed, and while others index and search: nothing may be wrong."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.app import Hub, load
from hub.config import from_values
from hub.data_folder import prepare
from hub.search.code.indexing import indexing, update_view
from tests.bench.report import Row, middle
from tests.search_proof import MAIN, ROOT, Forks, command_of, crowd, kill_often, make_moving

KILLS = 30
SECONDS = 60.0


def search_kills(root: Path) -> list[Row]:
    """Thirty kills at random moments of commits, merges, collections and rebuilding."""
    with _ground(root) as (hub, ids, forks):
        found = list(kill_often(hub, ids[0], forks, kills=KILLS, seed=7))
    files = sum(one["files"] for one in found)
    opened = 1000 * middle([one["seconds"] for one in found])
    slowest = 1000 * max(one["seconds"] for one in found)
    return [
        Row(f"{KILLS} kills of who indexes: files compared with git", f"{files}", "", None, "0 wrong", True),
        Row("opening the index after a kill, median and slowest", f"{opened:.0f} and {slowest:.0f} ms", ""),
    ]


def search_crowd(root: Path) -> list[Row]:
    """Two that index and two that search, for a minute."""
    with _ground(root) as (hub, ids, forks):
        told = crowd(hub, ids, forks, seconds=SECONDS)
    readers = [one for one in told if one["role"] == "read"]
    wrong = [said for one in readers for said in one["wrong"]]
    commits = sum(one["done"] for one in told if one["role"] == "index")
    asked = sum(one["done"] for one in readers)
    descriptors = max(one["files"] for one in readers)
    return [
        Row(
            f"{SECONDS:.0f} s of two who index and two who search: wrong answers {wrong[:2] or ''}",
            f"{len(wrong)} of {2 * asked}, {commits} commits",
            "",
            None,
            "0",
            not wrong and len(readers) == 2,
        ),
        Row("files that a searching process has open in the end", f"{descriptors}", ""),
    ]


@contextmanager
def _ground(root: Path) -> Iterator[tuple[Hub, list[int], Forks]]:
    config = from_values({"data": str(root)})
    prepare(config)
    hub = load(config)
    ids = [make_moving(hub, seed=seed) for seed in range(2)]
    with indexing(config) as index:
        for one in ids:
            update_view(hub.database, index, one, MAIN)
    command = command_of(config)
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield hub, ids, Forks(process)
        process.kill()
    hub.database.dispose()
