"""A whole hub in processes of its own, as `hub serve` starts it, with people and repositories to order."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from hub import app
from hub.access import Permission, Role, Visibility
from hub.accounts.queries import get_user
from hub.config import Config, from_values
from hub.repos.access import open_repository
from hub.repos.actions import grant
from hub.repos.git.store import directory
from tests import prestarted
from tests.factories import PASSWORD, SYSTEM, make_key, make_repository, make_token, make_user
from tests.prestarted import Prestarted

ROOT = Path(__file__).parent.parent
# Long enough for a slow machine with other work; they cost nothing where the hub is ready sooner.
START_SECONDS = 300
STOP_SECONDS = 150
COMMAND_SECONDS = 480


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account and every way in."""

    id: int
    name: str
    password: str
    token: str
    key: Path

    @property
    def headers(self) -> dict[str, str]:
        """What a script sends to be them."""
        return {"Authorization": f"token {self.token}"}


class NotStarted(AssertionError):
    """A hub did not become ready; the message carries what it printed."""


class Served:
    """One running hub. `http` is its address, `ssh` its HOST:PORT, `hub` its database and queue.

    `start`, `stop` and `kill` may be called again and again: data and addresses stay.
    Which lines run is measured where it is `covered`: starting and stopping take twice as long then.
    Where `is_apart`, it shares no memory with other hubs of the tests.
    """

    program: tuple[str, ...] = (sys.executable, "-m", "hub")
    python_path = str(ROOT)

    def __init__(
        self,
        folder: Path,
        database_url: str = "",
        settings: Mapping[str, str] | None = None,
        *,
        covered: bool = False,
        is_apart: bool = False,
    ):
        self.folder = folder
        self.is_apart = is_apart
        self.covered = covered
        self.data = folder / "data"
        self.log_file = folder / "hub.log"
        self.ready_file = folder / "ready.json"
        self.settings = {"data": str(self.data), "database_url": database_url, **(settings or {})}
        self.config: Config = from_values(self.settings)
        self.hub = app.load(self.config)
        self.http = "http://127.0.0.1:0"
        self.ssh = "127.0.0.1:0"
        self.process: subprocess.Popen[bytes] | Prestarted | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a `hub` command needs to work on this hub's data, and nothing else."""
        settings = {f"HUB_{name.upper()}": value for name, value in self.settings.items() if value}
        paths = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "PYTHONPATH": self.python_path}
        return {**self._measuring, **paths, **settings, "LC_ALL": "C.UTF-8", "PYTHONWARNINGS": "default"}

    @property
    def _measuring(self) -> dict[str, str]:
        """What has a Python measure which lines run, from its start."""
        kept = {name: os.environ[name] for name in os.environ if name.startswith("COVERAGE_")}
        return kept if self.covered else {}

    @property
    def _is_prestarted(self) -> bool:
        return self.program == Served.program and not self.is_apart and not self._measuring

    def command(
        self,
        *arguments: str,
        input: str = "",  # noqa: A002  # the name subprocess gives it
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Runs `hub ARGUMENTS` on this hub's data."""
        environment, folder, seconds = self.environment, self.folder, COMMAND_SECONDS
        if self._is_prestarted:
            done = prestarted.run(
                arguments, environment=environment, folder=folder, given=input, timeout=seconds
            )
        else:
            done = subprocess.run(
                (*self.program, *arguments),
                env=environment,
                cwd=folder,
                input=input,
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
            )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def start(self) -> None:
        """Starts the hub and waits until every part answers."""
        self.ready_file.unlink(missing_ok=True)
        addresses = ("--http", self.http.removeprefix("http://"), "--ssh", self.ssh)
        arguments = ("serve", *addresses, "--ready-file", str(self.ready_file))
        with self.log_file.open("ab") as log, open(os.devnull, "rb") as nothing:
            self.process = (
                prestarted.start(
                    arguments, environment=self.environment, folder=self.folder, files=(nothing, log, log)
                )
                if self._is_prestarted
                else subprocess.Popen(
                    (*self.program, *arguments),
                    env=self.environment,
                    cwd=self.folder,
                    stdin=nothing,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )
        ready = self._await_ready()
        self.http, self.ssh = ready["http"], ready["ssh"]

    def _await_ready(self) -> dict[str, str]:
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.ready_file.exists():
                ready: dict[str, str] = json.loads(self.ready_file.read_text())
                return ready
            if self.process.poll() is not None:
                raise NotStarted(f"hub serve ended with {self.process.returncode}:\n{self.log()}")
            time.sleep(0.02)
        self.kill()
        raise NotStarted(f"hub serve was not ready after {START_SECONDS} s:\n{self.log()}")

    def stop(self) -> int:
        """Ends the hub as an operator does (SIGTERM); returns its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        finally:
            self.kill()

    def kill(self) -> None:
        """Ends every process of the hub at once, as a power cut does."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)

    def close(self) -> None:
        """Stops what still runs and lets go of the database."""
        if self.process is not None and self.process.poll() is None:
            self.stop()
        self.hub.database.dispose()

    def log(self) -> str:
        """What the hub printed so far."""
        return self.log_file.read_text("utf-8", "replace") if self.log_file.exists() else ""

    def person(self, name: str | None = None, *, is_admin: bool = False) -> Person:
        """A new account with password, token and SSH key."""
        with self.hub.database.writing() as session:
            user = make_user(session, name, is_admin=is_admin)
            key = self.folder / f"key-{user.id}"
            make_key(session, user, key)
            return Person(user.id, user.name, PASSWORD, make_token(session, user), key)

    def repository(
        self, owner: Person | None = None, name: str | None = None, *, private: bool = False
    ) -> str:
        """The path, `owner/name`, of a new empty repository."""
        with self.hub.database.writing() as session:
            principal = None if owner is None else get_user(session, owner.name)
            visibility = Visibility.PRIVATE if private else Visibility.PUBLIC
            return make_repository(session, principal, name, visibility=visibility).path

    def grant(self, path: str, person: Person, role: Role) -> None:
        """Gives the person that role."""
        with self.hub.database.writing() as session:
            repository = open_repository(session, SYSTEM, path, need=Permission.SEE)
            grant(session, SYSTEM, repository, get_user(session, person.name), role=role)

    def url(self, path: str, person: Person | None = None) -> str:
        """The clone address over HTTP, with the person's name and token in it."""
        if person is None:
            return f"{self.http}/{path}.git"
        scheme, _, address = self.http.partition("://")
        return f"{scheme}://{quote(person.name)}:{person.token}@{address}/{path}.git"

    def ssh_url(self, path: str) -> str:
        """The clone address over SSH."""
        return f"ssh://git@{self.ssh}/{path}.git"

    def git_directory(self, path: str) -> Path:
        """Where the repository's objects and refs lie."""
        with self.hub.database.reading() as session:
            repository = open_repository(session, SYSTEM, path, need=Permission.SEE)
            return directory(self.config, repository)
