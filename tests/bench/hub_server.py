"""The hub as it is measured: `hub serve` with its defaults, over a fresh data folder."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.corpus import Corpus, git
from tests.bench.peers import running


@dataclass(frozen=True, slots=True)
class HubServer:
    """A running hub: its addresses, its root process, and the token and key of its one person."""

    http: str
    ssh: str
    pid: int
    token: str
    key: Path
    data: Path

    def url(self, name: str) -> str:
        """The address of ada's repository for anybody."""
        return f"{self.http}/ada/{name}.git"

    def push_url(self, name: str) -> str:
        """The same with ada's token in it."""
        return self.url(name).replace("://", f"://ada:{self.token}@")

    def ssh_command(self, name: str) -> list[str]:
        """`ssh` asking for upload-pack on ada's repository."""
        return ssh_command(self.ssh, self.key, f"git-upload-pack 'ada/{name}.git'")


def ssh_command(address: str, key: Path, remote: str, user: str = "git") -> list[str]:
    """`ssh` as the benches call it: one key, no known hosts, protocol v2 asked for."""
    host, port = address.rsplit(":", 1)
    quiet = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
    only = ["-o", "IdentitiesOnly=yes", "-o", "SendEnv=GIT_PROTOCOL", "-i", str(key), "-p", port]
    return ["ssh", "-F", "none", *quiet, *only, f"{user}@{host}", remote]


def run_hub(environment: dict[str, str], *arguments: str, stdin: str = "") -> str:
    """What a command of the hub printed."""
    done = subprocess.run(
        [sys.executable, "-m", "hub", *arguments], env=environment, input=stdin,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"hub {' '.join(arguments)}: {done.stderr}")
    return done.stdout


def fill(directory: Path, corpus: Corpus) -> None:
    """Gives a repository of a hub the branches and tags of another one, and its objects."""
    shutil.rmtree(directory / "objects")
    shutil.copytree(corpus.directory / "objects", directory / "objects", copy_function=os.link)
    shutil.copy(corpus.directory / "packed-refs", directory / "packed-refs")
    head = git(corpus.directory, "symbolic-ref", "HEAD").strip()
    git(directory, "symbolic-ref", "HEAD", head)


def _await_prepared(data: Path, numbers: list[int]) -> None:
    """Waits until the worker has prepared the histories for their readers, which takes a processor once."""
    limit = time.monotonic() + 300
    marks = [data / f"cache/reading/{number}/prepared.json" for number in numbers]
    while not all(mark.exists() and json.loads(mark.read_text())["tip"] for mark in marks):
        if time.monotonic() > limit:
            raise RuntimeError("the worker did not prepare the repositories within five minutes")
        time.sleep(0.5)


@contextmanager
def hub_server(folder: Path, repositories: dict[str, Corpus | None], **settings: str) -> Iterator[HubServer]:
    """A hub with ada's public repositories, filled from the corpora before it starts (None: left empty)."""
    data, ready = folder / "data", folder / "ready.json"
    folder.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    environment |= {"HUB_DATA": str(data), "HUB_LOG_LEVEL": "warning", **settings}
    run_hub(environment, "init")
    run_hub(environment, "user", "create", "ada", "--email", "ada@example.org")
    token = run_hub(environment, "token", "create", "ada", "--name", "bench", "--scope", "all").split()[-1]
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    run_hub(environment, "key", "add", "ada", stdin=key.with_suffix(".pub").read_text())
    for name in repositories:
        run_hub(environment, "repo", "create", f"ada/{name}")
    for number, corpus in enumerate(repositories.values(), start=1):
        if corpus is not None:
            fill(data / f"repositories/main/{number}.git", corpus)
    command = [sys.executable, "-m", "hub", "serve", "--http", "127.0.0.1:0", "--ssh", "127.0.0.1:0"]
    log = (folder / "hub.log").open("wb")
    with running([*command, "--ready-file", str(ready)], env=environment, stdout=log, stderr=log) as child:
        limit = time.monotonic() + 60
        while not ready.exists():
            if child.poll() is not None or time.monotonic() > limit:
                raise RuntimeError((folder / "hub.log").read_text()[-3000:])
            time.sleep(0.05)
        addresses = json.loads(ready.read_text())
        _await_prepared(data, [number for number, one in enumerate(repositories.values(), 1) if one])
        time.sleep(3)  # what the start left to do in the background is not what is measured
        yield HubServer(addresses["http"], addresses["ssh"], child.pid, token, key, data)
