"""What is done to the code index while who indexes is killed, and while others index and search.

A test does a little of it, the benchmark all. `python -m tests.search_proof DATA DATABASE_URL` imports what a
worker needs, and forks itself for each line that it reads: `index ID REBUILDS SECONDS` changes the index
again and again, `read SECONDS` searches and compares.
"""

import io
import json
import os
import random
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hub.access import ANONYMOUS
from hub.app import Hub, load
from hub.config import Config, from_values
from hub.db import Database
from hub.errors import Unavailable
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.search.code.finding import CodeSearch
from hub.search.code.indexing import drop_unused, find_unused, indexing, update_view
from hub.search.code.queries import read_code_query
from hub.search.code.rebuilding import rebuild
from hub.search.engine.numbers import unpack
from hub.search.models import CodeView
from tests.factories import make_repository, unique
from tests.fast_import import Stream

ROOT = Path(__file__).parent.parent
MAIN = "refs/heads/main"
FILES = 120
CHANGED = 10
COMMITS = 40
_STEPS = "steps"


def make_moving(hub: Hub, *, seed: int) -> int:
    """A repository with many commits on a branch of its own; commit `n` says `stamp n` in one file."""
    with hub.database.writing() as session:
        repository = make_repository(session, name=unique("moving"))
        repository_id, path = repository.id, directory(hub.config, repository)
    chance, stream = random.Random(seed), Stream()
    paths = [b"src/part%d/file%d.py" % (at % 7, at) for at in range(FILES)]
    for number in range(COMMITS):
        some = paths if not number else chance.sample(paths, CHANGED)
        files = {one: _content(chance, one) for one in some}
        files[b"stamp"] = b"stamp %d of %d\n" % (number, repository_id)
        parents = [f"{number - 1}"] if number else []
        stream.commit(f"{number}", b"refs/kept/all", files, parents=parents)
    ids = stream.run(path)
    (path / _STEPS).write_text("\n".join(ids[f"{number}"] for number in range(COMMITS)))
    move(path, 0)
    return repository_id


def _content(chance: random.Random, path: bytes) -> bytes:
    lines = [b"# %s" % path]
    lines += [b"def f%d(): return %d  # common" % (at, chance.getrandbits(40)) for at in range(20)]
    return b"\n".join(lines) + b"\n"


def steps_of(path: Path) -> list[str]:
    """The commits of such a repository, in order."""
    return (path / _STEPS).read_text().split("\n")


def move(path: Path, number: int) -> None:
    """Moves the branch to that commit, as git does: all at once."""
    steps = steps_of(path)
    partial = path / "refs" / f"moving-{os.getpid()}"
    partial.write_text(steps[number % len(steps)] + "\n")
    partial.replace(path / MAIN)


def path_of(database: Database, repository_id: int) -> Path:
    """Where the repository lies."""
    with database.reading() as session:
        return directory(database.config, session.get_one(Repository, repository_id))


# --- what the forked processes do --------------------------------------------------------------------


def index(database: Database, repository_id: int, *, rebuilds: int, seconds: float) -> dict[str, Any]:
    """Moves the branch and indexes it, joins segments, drops what is unused; for so long, or until killed."""
    path, done, held = path_of(database, repository_id), 0, 0
    with database.reading() as session:
        view = session.get(CodeView, (repository_id, MAIN))
        number = steps_of(path).index(view.commit_id) + 1 if view is not None else 0
    ends_at, unused = time.monotonic() + seconds, None
    while time.monotonic() < ends_at:
        move(path, number)
        try:
            with indexing(database.config, wait_seconds=10, must_exist=True) as index:
                update_view(database, index, repository_id, MAIN)
                index.tidy()
                if number % 4 == 3:
                    # As the sweep does: what two of them found unused.
                    drop_unused(
                        database, index, unused if unused is not None else find_unused(database, index)
                    )
                    unused = find_unused(database, index)
            number, done = number + 1, done + 1
            if rebuilds and done % rebuilds == 0:
                rebuild(database)
        except Unavailable:
            held += 1
    return {"role": "index", "done": done, "held": held}


def read(database: Database, *, seconds: float) -> dict[str, Any]:
    """Searches what moves and what does not: each answer has to be that of one commit, and whole."""
    search, ends_at = CodeSearch(database.config), time.monotonic() + seconds
    done, wrong, times = 0, list[str](), list[float]()
    while time.monotonic() < ends_at:
        begun_at = time.perf_counter()
        with database.reading() as session:
            stamps = search.lines(session, ANONYMOUS, read_code_query("stamp"), most=1000).lines
        with database.reading() as session:
            common = search.files(session, ANONYMOUS, read_code_query("common"))
        times.append(time.perf_counter() - begun_at)
        done += 1
        for one in stamps:
            steps = steps_of(path_of(database, one.place.repository_id))
            expected = f"stamp {steps.index(one.place.commit_id)} of {one.place.repository_id}"
            if one.line.text != expected:
                wrong.append(f"{one.line.text} instead of {expected}")
        if len(stamps) != common.places or (common.is_exact and common.total != common.places * FILES):
            wrong.append(f"{len(stamps)} stamps and {common.total} files in {common.places} places")
    times.sort()
    return {
        "role": "read",
        "done": done,
        "wrong": wrong[:5],
        "files": len(os.listdir("/proc/self/fd")),
        "p50": times[len(times) // 2] if times else 0.0,
    }


def check(database: Database, repository_id: int) -> dict[str, Any]:
    """What there is after a kill; raises AssertionError where it is not what git holds."""
    begun_at = time.perf_counter()
    with indexing(database.config, wait_seconds=0, must_exist=True) as index:
        segments = index.segments()
        opened_in = time.perf_counter() - begun_at
        with index.writing(expected=0):
            pass
        texts: dict[int, bytes] = {}
        for one in segments:
            for document, number in enumerate(one.numbers.tolist()):
                if one.code is not None and (one.live is None or one.live[document]):
                    assert number not in texts, f"document {number} is held twice"
                    texts[number] = one.code[document]
        left = [one.name for one in index.folder.iterdir() if ".toc." in one.name or "tmp" in one.name]
    assert left == []
    with database.reading() as session:
        view = session.get(CodeView, (repository_id, MAIN))
    if view is None:
        return {"files": 0, "seconds": opened_in}
    shown = dict(texts[number].split(b"\n", 1) for number in unpack(view.documents).tolist())
    assert shown == _held_by_git(path_of(database, repository_id), view.commit_id)
    return {"files": len(shown), "seconds": opened_in}


def _held_by_git(path: Path, commit_id: str) -> dict[bytes, bytes]:
    command = ("git", "-C", str(path), "archive", "--format=tar", commit_id)
    printed = subprocess.run(command, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(printed)) as archive:
        files = [(one.name.encode(), archive.extractfile(one)) for one in archive if one.isfile()]
        return {name: file.read() for name, file in files if file is not None}


# --- the process that forks them ---------------------------------------------------------------------


class Forks:
    """The process that forks others, over its pipes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def begin(self, *order: object) -> int:
        """Has it fork one for that order; its process id, once it works."""
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(map(str, order)).encode() + b"\n")
        self._process.stdin.flush()
        return int(self.told()["pid"])

    def told(self) -> dict[str, Any]:
        """The next thing that it, or one of those that it forked, has to tell."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the forking process ended"
        found: dict[str, Any] = json.loads(line)
        return found


def command_of(config: Config) -> tuple[str, ...]:
    """What starts that process."""
    return (sys.executable, "-m", "tests.search_proof", str(config.data), config.database_url)


def kill_often(
    hub: Hub, repository_id: int, forks: Forks, *, kills: int, seed: int
) -> Iterator[dict[str, Any]]:
    """Kills an indexer at random moments, so many times; what was found after each."""
    chance = random.Random(seed)
    for at in range(kills):
        pid = forks.begin("index", repository_id, 2 if at % 3 == 2 else 0, 60)
        time.sleep(chance.uniform(0.02, 0.7))
        os.kill(pid, 9)
        assert forks.told() == {"role": "index", "killed": pid}
        yield check(hub.database, repository_id)


def crowd(hub: Hub, ids: list[int], forks: Forks, *, seconds: float) -> list[dict[str, Any]]:
    """Two that index and two that search, for so long; what each of them tells."""
    for at, repository_id in enumerate(ids):
        forks.begin("index", repository_id, 9 if at == 0 else 0, seconds)
    for _ in range(2):
        forks.begin("read", seconds)
    return [forks.told() for _ in range(len(ids) + 2)]


def main(data: str, database_url: str) -> None:
    """Forks for each line of standard input."""
    config = from_values({"data": data, "database_url": database_url})
    load(config).database.dispose()
    for line in sys.stdin:
        if os.fork() == 0:
            _be_watched(config, line.split())
            os._exit(0)


def _be_watched(config: Config, order: list[str]) -> None:
    """Forks once more, so that whoever waits for the second tells how it ended."""
    pid = os.fork()
    if pid == 0:
        try:
            _tell({"pid": os.getpid()})
            _work(Database(config), *order)
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        _tell({"role": order[0], "killed": pid})


def _work(database: Database, role: str, *given: str) -> None:
    if role == "index":
        repository_id, rebuilds, seconds = given
        _tell(index(database, int(repository_id), rebuilds=int(rebuilds), seconds=float(seconds)))
    else:
        _tell(read(database, seconds=float(given[0])))


def _tell(what: dict[str, Any]) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
