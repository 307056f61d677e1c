"""Rows about pushes and forks: how long until what was pushed is found, on disk, and what a fork adds."""

import os
import random
import subprocess
import time
from dataclasses import replace
from pathlib import Path

from sqlalchemy import func, select

from hub import app
from hub.app import Hub
from hub.config import from_values
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.search.code.indexing import index_folder, update_view
from hub.search.engine.candidates import Wanted
from hub.search.engine.index import CodeIndex
from hub.search.engine.pages import every_document
from hub.search.engine.patterns import literal
from hub.search.models import CodeDocument
from tests.bench.hub_server import fill, run_hub
from tests.bench.report import Row, middle
from tests.bench.search.ground import SearchGround
from tests.bench.search.kinds import last
from tests.bench.search.texts import SHORTER, Text, commit_of, file_of
from tests.factories import make_repository

PUSHES, FORKS = max(5, 60 // SHORTER), max(3, 20 // SHORTER)
FILES = 10
MAIN = "refs/heads/main"


def rows(ground: SearchGround) -> list[Row]:
    """A first indexing, forks of it, and pushes to it, in a hub without servers."""
    data = ground.root / "pushes"
    run_hub({**os.environ, "HUB_DATA": str(data), "HUB_LOG_LEVEL": "warning"}, "init")
    hub = app.load(from_values({"data": str(data)}))
    with hub.database.writing() as session:
        for _ in range(FORKS + 1):
            fill(directory(hub.config, make_repository(session)), ground.repository)
    index = CodeIndex(index_folder(hub.config))
    try:
        began = time.process_time()
        update_view(hub.database, index, 1, MAIN)
        speed = ground.texts.size_bytes / 1e6 / (time.process_time() - began)
        found = [Row("first indexing of a repository, from git (processor)", f"{speed:.0f} MB/s", "")]
        return [*found, *_forks(hub, index), *_pushes(hub, index, ground)]
    finally:
        index.close()
        hub.database.dispose()


def _forks(hub: Hub, index: CodeIndex) -> list[Row]:
    before, times = _documents(hub), []
    for number in range(FORKS):
        began = time.perf_counter()
        update_view(hub.database, index, 2 + number, MAIN)
        times.append((time.perf_counter() - began) * 1000)
    added, taken = _documents(hub) - before, middle(times)
    return [
        Row("indexing a fork, p50 / p95", f"{taken:.1f} / {last(times):.1f} ms", "", None, "p50 < 10 ms",
            taken < 10),
        Row("documents that a fork adds", f"{added}", "", None, "0", added == 0),
    ]  # fmt: skip


def _documents(hub: Hub) -> int:
    with hub.database.reading() as session:
        return session.scalar(select(func.count()).select_from(CodeDocument)) or 0


def _pushes(hub: Hub, index: CodeIndex, ground: SearchGround) -> list[Row]:
    """Each changes ten files; a reader of its own has to find it, and segments are joined in between."""
    with hub.database.reading() as session:
        path = directory(hub.config, session.get_one(Repository, 1))
    reader, chance = CodeIndex(index_folder(hub.config)), random.Random(11)
    times, tidied = [], []
    for number in range(PUSHES):
        word = f"pushed_{number}_word"
        _commit(path, number, [_changed(one, word) for one in chance.sample(ground.texts.files, FILES)])
        began = time.perf_counter()
        update_view(hub.database, index, 1, MAIN)
        count = sum(1 for _ in every_document(reader.segments(), [Wanted((literal(word),))], None))
        times.append((time.perf_counter() - began) * 1000)
        if count != FILES:
            raise RuntimeError(f"{count} of {FILES} pushed files are found")
        began = time.perf_counter()
        if index.tidy():
            tidied.append((time.perf_counter() - began) * 1000)
    reader.close()
    slow = last(times)
    name = f"a push of {FILES} files until it is found, on disk, p50 / p95"
    found = [Row(name, f"{middle(times):.0f} / {slow:.0f} ms", "", None, "p95 < 60 ms", slow < 60)]
    if tidied:
        joined = f"{middle(tidied):.0f}, {max(tidied):.0f} ms"
        found.append(Row("joining segments in between, p50, most", joined, ""))
    return found


def _changed(one: Text, word: str) -> Text:
    return replace(one, content=one.content + f"\n{word}\n".encode())


def _commit(directory_path: Path, number: int, files: list[Text]) -> None:
    command = ["git", "-C", str(directory_path), "fast-import", "--quiet"]
    message = commit_of(f"push {number}", 1_700_000_001 + number, f"{MAIN}^0")
    subprocess.run(command, input=message + b"".join(file_of(one) for one in files), check=True)
