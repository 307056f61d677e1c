"""The SSH keys of whoever sits at the terminal: which there are, and signing with one of them.

Signing is left to ssh-keygen, so that agents, passphrases and security keys work as they do for git.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from hub import signing
from hub.errors import Conflict, Invalid, text
from hub.repos.git.own_clone import OwnClone

_SECONDS: Final = 120.0
_LITERAL: Final = "key::"
_KINDS: Final = ("ssh-", "ecdsa-", "sk-")


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A key by its fingerprint; `file` is its private half, or the public one of a key in an agent."""

    fingerprint: str
    file: Path


class OwnKeys:
    """The keys there are, best first; those of an agent lie in a folder that ends with the block."""

    def __init__(self, clone: OwnClone, folder: Path) -> None:
        self._clone, self._folder = clone, folder

    @property
    def _environment(self) -> Mapping[str, str]:
        return self._clone.environment

    def named(self, file: Path) -> OwnKey:
        """The key in that file; raises Invalid where it holds none."""
        found = self._look(self._clone.find_file(str(file)))
        if found is None:
            raise Invalid(
                text("There is no SSH key in %(file)s.", file=file),
                next_step=text("Name the file that ssh-keygen made, or its .pub for a key in an agent."),
            )
        return found

    def list_keys(self, remote: str) -> list[OwnKey]:
        """The key that git signs with, the keys that ssh offers to the remote, and those of the agent."""
        found = [self._of_git(), *map(self._look, self._clone.find_identities(remote)), *self._of_agent()]
        by_print: dict[str, OwnKey] = {}
        for one in found:
            if one is not None:
                by_print.setdefault(one.fingerprint, one)
        return list(by_print.values())

    def sign(self, key: OwnKey, message: bytes) -> bytes:
        """The armored signature of an entry; raises Conflict where ssh-keygen makes none."""
        argv = ("ssh-keygen", "-Y", "sign", "-n", signing.ENTRY, "-f", str(key.file))
        done = self._run(argv, message)
        if done is None or done.returncode != 0:
            said = "" if done is None else done.stderr.decode("utf-8", "replace").strip()
            raise Conflict(
                text("%(key)s did not sign.", key=key.fingerprint),
                text("ssh-keygen says: %(said)s", said=said or "nothing; is it installed?"),
                text("Load the key into your agent, or name another one: --key FILE"),
            )
        try:
            signing.verify(done.stdout, signing.ENTRY, message)
        except signing.BadSignature as error:
            raise Conflict(
                text("A key of this kind cannot sign entries."),
                text("%(error)s", error=error),
                text("Name another one: --key FILE"),
            ) from error
        return done.stdout

    def _of_git(self) -> OwnKey | None:
        if self._clone.find_setting("gpg.format") != "ssh":
            return None
        named = self._clone.find_setting("user.signingkey")
        if named.startswith((_LITERAL, *_KINDS)):
            return self._keep(named.removeprefix(_LITERAL), "git")
        return self._look(self._clone.find_file(named)) if named else None

    def _of_agent(self) -> Iterator[OwnKey | None]:
        if "SSH_AUTH_SOCK" not in self._environment:
            return
        done = self._run(("ssh-add", "-L"))
        lines = [] if done is None or done.returncode != 0 else done.stdout.decode().splitlines()
        for number, line in enumerate(lines):
            yield self._keep(line, f"agent-{number}")

    def _keep(self, line: str, name: str) -> OwnKey | None:
        file = self._folder / f"{name}.pub"
        file.write_text(f"{line}\n")
        return self._look(file)

    def _look(self, file: Path) -> OwnKey | None:
        """The key in the file, of which only the public half is read."""
        public = file if file.suffix == ".pub" else file.with_name(f"{file.name}.pub")
        looked_at = public if public.is_file() else file
        done = self._run(("ssh-keygen", "-l", "-f", str(looked_at))) if looked_at.is_file() else None
        if done is None or done.returncode != 0:
            return None
        # With a public half alone ssh-keygen asks the agent.
        return OwnKey(done.stdout.decode().split()[1], file if file.is_file() else public)

    def _run(self, argv: Sequence[str], given: bytes = b"") -> subprocess.CompletedProcess[bytes] | None:
        try:
            return subprocess.run(
                argv,
                env=dict(self._environment),
                input=given,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None


@contextmanager
def own_keys(clone: OwnClone) -> Iterator[OwnKeys]:
    """The keys of whoever sits here, for the block."""
    with TemporaryDirectory(prefix="hub-keys-") as folder:
        os.chmod(folder, 0o700)
        yield OwnKeys(clone, Path(folder))
