"""How long after a push it is found: as a rule, and after the worker was down while many were pushed."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from hub.config import from_values
from hub.data_folder import prepare
from tests.bench.report import Row, middle
from tests.git_client import GitClient
from tests.served import Served
from tests.wire.http_requests import request
from tests.wire.processes import part_of

PUSHES = 500
SINGLE = 20
QUERIES = 200
_LONGEST_SECONDS = 120.0
_WORDS = [f"word{number:03d}" for number in range(400)]


def search_lag(root: Path) -> list[Row]:
    """A push at a time; 500 while nobody indexes and its files are deleted; 200 queries beside `git grep`."""
    data = root / "data"
    data.mkdir(parents=True, mode=0o700)
    prepare(from_values({"data": str(data)}))
    served = Served(root)
    served.start()
    try:
        return _Ground(served, root).rows()
    finally:
        served.close()


class _Ground:
    """A served hub, and somebody who pushes to it."""

    def __init__(self, served: Served, root: Path) -> None:
        self.served, self.person = served, served.person()
        self.path = served.repository(self.person)
        self.git = GitClient(root / "git", key=self.person.key)
        self.git.init("work")
        self.chance = random.Random(5)

    def rows(self) -> list[Row]:
        """Everything, in order."""
        usual = [self._push_and_wait(number) for number in range(SINGLE)]
        worker = part_of(self.served, "hub worker")
        os.kill(worker, signal.SIGSTOP)
        for number in range(PUSHES):
            self._push(number)
        shutil.rmtree(self.served.data / "index")
        os.kill(worker, signal.SIGKILL)
        lag = _wait(lambda: self._finds(f"stamp{PUSHES - 1}end"))
        differing = sum(self._differs(word) for word in self.chance.choices(_WORDS, k=QUERIES))
        return [
            Row(
                f"push to found, {SINGLE} of them, median and slowest",
                f"{middle(usual):.2f} and {max(usual):.2f} s",
                "",
                None,
                "<= 10 s",
                max(usual) <= 10,
            ),
            Row(
                f"{PUSHES} pushes while nobody indexed and the index was deleted, found after the restart in",
                f"{lag:.1f} s",
                "",
                None,
                "<= 10 s",
                lag <= 10,
            ),
            Row(f"{QUERIES} queries that differ from git grep", f"{differing}", "", None, "0", not differing),
        ]

    def _push_and_wait(self, number: int) -> float:
        self._push(-number - 1)
        return _wait(lambda: self._finds(f"stamp{-number - 1}end"))

    def _push(self, number: int) -> None:
        files = {
            f"src/file{self.chance.randrange(300)}.txt": "\n".join(self.chance.choices(_WORDS, k=60)).encode()
            for _ in range(3)
        }
        work = self.git.folder / "work"
        self.git.commit(work, f"{number}", {**files, "stamp": f"stamp{number}end\n".encode()})
        self.git.push(work, self.served.url(self.path, self.person), "main")

    def _lines(self, word: str) -> set[tuple[str, int]] | None:
        found: set[tuple[str, int]] = set()
        cursor: str | None = ""
        while cursor is not None:
            address = f"/api/v1/search/code?limit=1000&q={word}&cursor={quote(cursor)}"
            answer = request(self.served, address, headers=self.person.headers)
            if answer.status != 200:
                return None
            told = json.loads(answer.body)
            found |= {(one["path"], one["line"]) for one in told["hits"]}
            cursor = told["next"]
        return found

    def _finds(self, word: str) -> bool:
        return bool(self._lines(word))

    def _differs(self, word: str) -> bool:
        place = self.served.git_directory(self.path)
        command = ("git", "-C", str(place), "grep", "-n", "-i", "-F", "-I", word, "main")
        printed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        parts = (line.split(":", 3) for line in printed.splitlines())
        return self._lines(word) != {(path, int(number)) for _, path, number, _ in parts}


def _wait(condition: Callable[[], bool]) -> float:
    begun_at = time.monotonic()
    while not condition():
        if time.monotonic() - begun_at > _LONGEST_SECONDS:
            return float("inf")
        time.sleep(0.02)
    return time.monotonic() - begun_at
