"""The two ways git reaches a hub, and how a test asks over either of them."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.git_client import GitClient, Result
from tests.served import Person, Served
from tests.wire.http_requests import receive_pack


@dataclass(frozen=True, slots=True)
class Way:
    """git over HTTP, or over SSH, to one running hub."""

    name: str
    served: Served

    def url(self, path: str, person: Person) -> str:
        """The clone address with which that person is known."""
        return self.served.url(path, person) if self.name == "http" else self.served.ssh_url(path)

    def client(self, folder: Path, person: Person) -> GitClient:
        """That person's git: their key is offered over SSH, their token stands in the address over HTTP."""
        return GitClient(folder, person.name, person.key if self.name == "ssh" else None)

    def push_by_hand(self, path: str, person: Person, body: bytes) -> bytes:
        """What the hub answers to a push whose every byte the test made up."""
        if self.name == "http":
            answer = receive_pack(self.served, path, body, person)
            assert answer.status == 200, answer
            return answer.body
        return _push_over_ssh(self.served, path, person, body)


def lines_of(result: Result) -> list[str]:
    """What git told its user, line by line, without the blanks it pads with."""
    return [re.sub(r" +", " ", line).strip() for line in result.err.splitlines()]


def ssh(
    served: Served, person: Person, command: str, *, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Runs `command` on the hub's SSH port as that person, with `stdin` sent at once."""
    return subprocess.run(
        (*ssh_arguments(served, person), command), input=stdin, capture_output=True, timeout=240, check=False
    )


def ssh_arguments(served: Served, person: Person) -> list[str]:
    """The `ssh` command line up to the command: that person's key and nothing of this machine's user."""
    host, _, port = served.ssh.rpartition(":")
    options = (
        "BatchMode=yes",
        "SendEnv=GIT_PROTOCOL",
        "IdentitiesOnly=yes",
        "LogLevel=ERROR",
        "StrictHostKeyChecking=no",
        f"UserKnownHostsFile={served.folder / 'known_hosts'}",
    )
    given = [part for option in options for part in ("-o", option)]
    return ["ssh", "-F", "/dev/null", "-i", str(person.key), *given, "-p", port, f"git@{host}"]


def _push_over_ssh(served: Served, path: str, person: Person, body: bytes) -> bytes:
    done = ssh(served, person, f"git-receive-pack '{path}.git'", stdin=body)
    # The session begins with the advertisement; what follows its flush answers the push.
    at = 0
    while done.stdout[at : at + 4] != b"0000":
        assert done.stdout[at : at + 4], done
        at += int(done.stdout[at : at + 4], 16)
    return done.stdout[at + 4 :]
