"""git in somebody's own clone, run as they would run it: with their settings, credentials and keys.

Unlike all other commands of this package, which know nothing of whoever runs the hub.
"""

import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from hub.repos.names import printable

_SECONDS: Final = 300.0
_REMOTE_LINE: Final = re.compile(r"remote: ?(.*?)\s*")
# user@host:path, as ssh and git read it.
_SCP: Final = re.compile(r"(?P<at>[^/:@]+@)?(?P<host>[^/:]+):.*")
_QUIET: Final = ("-c", "push.recurseSubmodules=no", "-c", "push.gpgSign=false")


class NoClone(Exception):
    """git finds no repository here, or is not installed."""


class CommandRefused(Exception):
    """A git command ended with an error; what it printed says why."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """How a push of one ref ended: whether it was taken, and what the other side said."""

    is_taken: bool
    lines: tuple[str, ...]
    complaint: str


class OwnClone:
    """The clone that somebody works in."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        # In the words that we read: a translated git says them otherwise.
        self.environment = {**environment, "LC_ALL": "C", "LANGUAGE": "C"}
        try:
            found = self._run("rev-parse", "--path-format=absolute", "--git-common-dir")
        except (CommandRefused, OSError) as error:
            raise NoClone(str(error)) from error
        self.directory = Path(found.strip())

    def find_setting(self, name: str) -> str:
        """The value of one of their settings, empty where there is none."""
        return self._try("config", "--get", name).strip()

    def find_address(self, remote: str) -> str:
        """The address that pushes to the remote go to; the remote itself, where it is one."""
        return self._try("remote", "get-url", "--push", remote).strip() or remote

    def find_host(self, remote: str) -> str:
        """The machine that the remote is on, empty for a folder of this one."""
        address = self.find_address(remote)
        if "://" in address:
            return urlsplit(address).hostname or ""
        found = _SCP.fullmatch(address)
        return "" if found is None else found["host"]

    def find_identities(self, remote: str) -> list[Path]:
        """The files of the keys that ssh offers to the remote's machine, in its order."""
        given = self.environment.get("GIT_SSH_COMMAND") or self.find_setting("core.sshCommand") or "ssh"
        host = self.find_host(remote) or "localhost"
        try:
            said = _output((*shlex.split(given), "-G", host), self._folder, self.environment)
        except (CommandRefused, OSError, ValueError):
            return []
        lines = [line.partition(" ") for line in said.splitlines()]
        return [self.find_file(file) for name, _, file in lines if name == "identityfile"]

    def find_file(self, name: str) -> Path:
        """The file of that name, in which ~ is the home of whoever sits there."""
        home = self.environment.get("HOME", "")
        return Path(home, name[2:]) if home and name.startswith("~/") else self._folder / name

    def find_ref(self, name: str) -> str:
        """The id that a ref of the clone has, empty where it is missing."""
        return self._try("rev-parse", "--verify", "--quiet", "--end-of-options", name).strip()

    def fetch(self, remote: str, refs: Mapping[str, str]) -> None:
        """Fetches refs of the remote into refs of the clone, whatever these held; raises CommandRefused."""
        specs = [f"+{there}:{here}" for there, here in refs.items()]
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--refmap=")
        self._run("fetch", *options, "--end-of-options", remote, *specs)

    def push(self, remote: str, commit_id: str, ref: str) -> Pushed:
        """Pushes one object to one ref of the remote."""
        options = ("--porcelain", "--no-verify", "--no-follow-tags", "--no-signed")
        argv = ("git", *_QUIET, "push", *options, "--end-of-options", remote, f"{commit_id}:{ref}")
        done = _finished(argv, self._folder, self.environment)
        said = [_REMOTE_LINE.fullmatch(line) for line in done.stderr.splitlines()]
        # As git itself does, for a terminal may obey what it is shown.
        lines = tuple(printable(found[1]) for found in said if found is not None)
        rest = [line for line in done.stderr.splitlines() if not _REMOTE_LINE.fullmatch(line)]
        return Pushed(done.returncode == 0, lines, "\n".join(rest).strip())

    def _run(self, *arguments: str) -> str:
        return _output(("git", *arguments), self._folder, self.environment)

    def _try(self, *arguments: str) -> str:
        try:
            return self._run(*arguments)
        except CommandRefused:
            return ""


def _output(argv: Sequence[str], folder: Path, environment: Mapping[str, str]) -> str:
    done = _finished(argv, folder, environment)
    if done.returncode != 0:
        raise CommandRefused(done.stderr.strip() or f"{argv[0]} ended with {done.returncode}")
    return done.stdout


def _finished(
    argv: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    # Whoever is asked for a password is asked on their terminal, which is not among these pipes.
    return subprocess.run(
        list(argv),
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_SECONDS,
        check=False,
        encoding="utf-8",
        errors="replace",
    )
