"""Pages in the moment after a push: commits are made beside the hub's repository and pushed to it."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.bench.corpus import git
from tests.bench.histories import History
from tests.bench.hub_server import HubServer

PUSHES = 7
_PERSON = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"))
}


def after_a_push(
    hub: HubServer, history: History, stored: Path, folder: Path, measure: Callable[[], float]
) -> list[float]:
    """What `measure` returns right after each of some pushes of a commit that changes a file in the root.

    The commits are made in a repository that borrows the stored one's objects, so that nothing is cloned.
    """
    subprocess.run(["git", "init", "-q", "--bare", str(folder)], check=True)
    (folder / "objects/info/alternates").write_text(f"{stored}/objects\n")
    tip, found = git(stored, "rev-parse", f"refs/heads/{history.branch}").strip(), []
    for number in range(PUSHES):
        tip = _commit(folder, tip, number)
        git(folder, "push", "-q", hub.push_url("history"), f"{tip}:refs/heads/{history.branch}")
        found.append(measure())
    return found


def _commit(folder: Path, parent: str, number: int) -> str:
    data = f"change {number}\n".encode()
    head = f"commit refs/heads/made\ncommitter Ada <ada@example.org> {2_000_000_000 + number} +0000\n"
    file = b"M 100644 inline README.md\ndata %d\n%s\n" % (len(data), data)
    stream = f"{head}data 6\nchange\nfrom {parent}\n".encode() + file
    environment = {**os.environ, **_PERSON}
    command = ["git", "-C", str(folder), "fast-import", "--quiet", "--force"]
    subprocess.run(command, input=stream, env=environment, check=True)
    return git(folder, "rev-parse", "refs/heads/made").strip()
