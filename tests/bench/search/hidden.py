"""A row about what may not be seen: whether the time of a search tells that a hidden repository holds it."""

import os
import random
import subprocess
import time
from collections.abc import Sequence
from math import sqrt
from pathlib import Path

from hub import app
from hub.access import ANONYMOUS, Visibility
from hub.app import Hub
from hub.config import from_values
from hub.repos.git.store import directory
from hub.search.code.finding import CodeSearch
from hub.search.code.indexing import index_folder, update_view
from hub.search.code.queries import read_code_query
from hub.search.engine.index import CodeIndex
from tests.bench.hub_server import run_hub
from tests.bench.report import Row, middle
from tests.bench.search.ground import SearchGround
from tests.bench.search.texts import SHORTER, Text, Texts, write_repository
from tests.factories import make_repository

WORDS, TIMES = max(8, 40 // SHORTER), max(20, 200 // SHORTER)
# Of what happens by chance, once in a thousand runs is more.
MOST_DEVIATIONS = 3.3
_FILES, _MAIN = 4000, "refs/heads/main"
_SHOWN_BYTES = 20_000_000


def rows(ground: SearchGround) -> list[Row]:
    """Words of hidden files, in few of them or in thousands, against words of no file, for a stranger."""
    chance = random.Random(31)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=12)) for _ in range(2 * WORDS)]
    hidden, absent = words[::2], words[1::2]
    data = ground.root / "hidden"
    run_hub({**os.environ, "HUB_DATA": str(data), "HUB_LOG_LEVEL": "warning"}, "init")
    hub = app.load(from_values({"data": str(data)}))
    try:
        _fill(hub, ground.texts.first(_SHOWN_BYTES), Visibility.PUBLIC, ground.root / "shown.git")
        _fill(hub, _secrets(hidden, chance), Visibility.PRIVATE, ground.root / "secret.git")
        return [_row(*_times(hub, hidden, absent))]
    finally:
        hub.database.dispose()


def _secrets(words: Sequence[str], chance: random.Random) -> Texts:
    """Files of which the first word is in one, the last in all."""
    files = []
    for number in range(_FILES):
        held = [word for at, word in enumerate(words) if number < _FILES ** (at / (len(words) - 1))]
        lines = [*held, *("".join(chance.choices("abcdefgh ", k=60)) for _ in range(50))]
        files.append(Text(f"secret/{number % 40}/{number}.txt", "\n".join(lines).encode()))
    return Texts(files, "secrets")


def _fill(hub: Hub, texts: Texts, visibility: Visibility, made: Path) -> None:
    corpus = write_repository(texts, made)
    with hub.database.writing() as session:
        repository = make_repository(session, visibility=visibility)
        number, path = repository.id, directory(hub.config, repository)
    push = ["git", "-C", str(corpus.directory), "push", "-q", str(path), "main"]
    subprocess.run(push, check=True)
    index = CodeIndex(index_folder(hub.config))
    update_view(hub.database, index, number, _MAIN)
    index.close()


def _times(hub: Hub, hidden: Sequence[str], absent: Sequence[str]) -> tuple[list[float], list[float]]:
    """The median time of each word in microseconds, all of them asked for in turns."""
    search = CodeSearch(hub.config)
    queries = {one: read_code_query(one) for one in (*hidden, *absent)}
    times: dict[str, list[float]] = {one: [] for one in queries}
    order = list(queries)
    with hub.database.reading() as session:
        for _ in range(TIMES):
            random.Random(len(times[order[0]])).shuffle(order)
            for word in order:
                began = time.perf_counter_ns()
                found = search.files(session, ANONYMOUS, queries[word])
                times[word].append((time.perf_counter_ns() - began) / 1000)
                if found.total or found.files:
                    raise RuntimeError(f"{word} is shown")
    return [middle(times[one]) for one in hidden], [middle(times[one]) for one in absent]


def _row(hidden: list[float], absent: list[float]) -> Row:
    """Mann and Whitney's test of the two samples: how many deviations their ranks are apart."""
    first, second = len(hidden), len(absent)
    above = sum((one > other) + 0.5 * (one == other) for one in hidden for other in absent)
    apart = (above - first * second / 2) / sqrt(first * second * (first + second + 1) / 12)
    return Row(
        f"time of {first} words that are hidden, against words of no file",
        f"{middle(hidden):.0f} us", f"{middle(absent):.0f} us", middle(hidden) / middle(absent),
        f"ranks within {MOST_DEVIATIONS} deviations (here {apart:+.1f})", abs(apart) <= MOST_DEVIATIONS,
    )  # fmt: skip
