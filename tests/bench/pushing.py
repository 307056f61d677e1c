"""Rows about pushes: what judging, recording and durability add to a small push."""

import os
import subprocess
import time
from pathlib import Path

from tests.bench.hub_server import HubServer
from tests.bench.peers import Peer
from tests.bench.report import Row, at_most, middle

ROUNDS = 30
IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
}  # fmt: skip


class Clone:
    """A work tree with one commit more for each push."""

    def __init__(self, folder: Path, url: str, *, branch: str = "main") -> None:
        self.folder, self.url, self.branch, self.count = folder, url, branch, 0
        self._git("init", "-q", "-b", "main", str(folder))

    def _git(self, *arguments: str) -> None:
        environment = {**os.environ, **IDENTITY}
        subprocess.run(
            ["git", "-C", str(self.folder.parent if arguments[0] == "init" else self.folder), *arguments],
            check=True, env=environment, capture_output=True,
        )  # fmt: skip

    def push(self) -> float:
        """Milliseconds of one `git push` of one small commit."""
        self.count += 1
        (self.folder / f"file{self.count % 10}").write_text(f"{self.count}\n" * 20)
        self._git("add", "-A")
        self._git("commit", "-qm", f"change {self.count}")
        started = time.monotonic()
        self._git("push", "-q", self.url, f"main:refs/heads/{self.branch}")
        return (time.monotonic() - started) * 1000


def small_pushes(hub: HubServer, unhooked: Peer, default: Peer, folder: Path) -> list[Row]:
    """Interleaved small pushes to the hub, to git without hooks, and to git with its own defaults."""
    clones = [
        Clone(folder / "hub", hub.push_url("empty")),
        Clone(folder / "unhooked", _with_credentials(unhooked, "unhooked.git")),
        Clone(folder / "default", _with_credentials(default, "default.git")),
    ]
    for one in clones:
        one.push()
    times = [[one.push() for one in clones] for _ in range(ROUNDS)]
    hub_ms, unhooked_ms, default_ms = (middle([row[at] for row in times]) for at in range(3))
    added = middle([row[0] - row[2] for row in times])
    return [
        at_most("small push, against a push without hooks", hub=hub_ms, peer=unhooked_ms, target=1.35),
        Row("durable, recorded push against git's default, median of pairs", f"{hub_ms:.1f} ms",
            f"{default_ms:.1f} ms", None, f"<= +15 ms (here {added:+.1f} ms)", added <= 15),
    ]  # fmt: skip


def _with_credentials(peer: Peer, path: str) -> str:
    return f"{peer.url}/{path}".replace("://", "://ada:any@")
