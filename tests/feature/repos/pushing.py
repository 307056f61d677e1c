"""A push without the wire: real objects and real refs, judged and recorded in this process."""

import subprocess
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from hub.access import Viewer
from hub.app import Hub
from hub.repos import receive
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.repos.pushes import Judgement, Options
from tests.git_client import GitClient

ZERO = "0" * 40
Command = tuple[str, str, str]

_numbers = count(1)


class Pusher:
    """One person who pushes from `work` into one repository."""

    def __init__(self, hub: Hub, repository: Repository, viewer: Viewer, git: GitClient, work: Path) -> None:
        self.hub = hub
        self.database = hub.database
        self.repository_id = repository.id
        self.directory = directory(hub.config, repository)
        self.viewer = viewer
        self.git = git
        self.work = work
        self.context = self._context()

    def _context(self) -> receive.PushContext:
        return receive.PushContext(f"push{next(_numbers)}", self.repository_id, self.viewer, "http://hub")

    def send(self) -> None:
        """Brings every object of `work` into the repository, as git does before it asks about refs."""
        packed = self.run(self.work, "pack-objects", "--all", "--stdout", "-q")
        self.run(self.directory, "index-pack", "--stdin", "--fix-thin", stdin=packed)

    def run(self, where: Path, *arguments: str, stdin: bytes = b"") -> bytes:
        return subprocess.run(
            ("git", "-C", str(where), *arguments),
            env=self.git.environment,
            input=stdin,
            capture_output=True,
            check=True,
        ).stdout

    def judge(
        self,
        *commands: Command,
        atomic: bool = False,
        deadline: float | None = None,
        packs: Sequence[str] = (),
        options: Options = (),
    ) -> Judgement:
        """Asks about these (old, new, name)."""
        self.context = self._context()
        return receive.judge(
            self.database,
            self.context,
            commands,
            options=options,
            atomic=atomic,
            packs=packs,
            deadline=time.monotonic() + 50 if deadline is None else deadline,
        )

    def move(self, *commands: Command) -> None:
        """Moves refs as git does after a good answer."""
        for old, new, name in commands:
            if new == ZERO:
                self.run(self.directory, "update-ref", "-d", name, old)
            else:
                self.run(self.directory, "update-ref", name, new, old)

    def record(self) -> list[str]:
        return receive.record(self.database, self.context.push_id, self.repository_id)

    def push(self, *commands: Command) -> Judgement:
        """The whole of it; what is allowed moves."""
        self.send()
        judgement = self.judge(*commands)
        allowed = {ref for ref, verdict, _ in judgement.answers if verdict == "ok"}
        self.move(*(one for one in commands if one[2] in allowed))
        self.record()
        return judgement

    def refs(self) -> dict[str, str]:
        lines = self.run(self.directory, "for-each-ref", "--format=%(refname) %(objectname)").decode()
        return dict(line.split(" ") for line in lines.splitlines())


def reasons(judgement: Judgement) -> dict[str, str]:
    """What each ref was answered: "ok" or the reason."""
    return {ref: "ok" if verdict == "ok" else str(detail) for ref, verdict, detail in judgement.answers}
