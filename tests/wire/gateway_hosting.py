"""One repository served by the git application with a scripted policy."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.gateway.git_http import RepositoryPolicy
from hub.gateway.git_service import Limits
from hub.gateway.hook_channel import install_hooks
from hub.gateway.queues import ALIVE_FILE, QUEUE_FILE
from tests.wire.gateway_server import GatewayServer, bare_repository, git, git_processes, loose_ends
from tests.wire.raw_git import PUSH_TYPE, ZERO, Command, SlowRequest, new_commit
from tests.wire.scripted_policy import Script, ScriptedPolicy, wait_until

VIEWER = {"user_id": 7, "name": "anna", "is_admin": False, "scopes": ["write"]}


@dataclass
class Hosted:
    """One repository served with a scripted policy."""

    server: GatewayServer
    policy: ScriptedPolicy
    directory: Path
    fields: dict[str, Any]

    @property
    def script(self) -> Script:
        return self.policy.script

    @property
    def url(self) -> str:
        return self.server.url("demo")

    def post(self, body: bytes) -> tuple[int, bytes]:
        response, data = self.server.request("POST", "/demo.git/git-receive-pack", body, PUSH_TYPE)
        return response.status, data

    def begin(self) -> SlowRequest:
        """A push whose body the test sends piece by piece."""
        return SlowRequest(self.server.port, "/demo.git/git-receive-pack", PUSH_TYPE)

    def change(self, **fields: Any) -> None:
        """Serves it with other fields of GitTarget from now on."""
        self.fields.update(fields)

    def new(self, ref: str = "refs/heads/new") -> Command:
        return (ZERO, new_commit(self.directory, ref), ref)

    def refs(self) -> list[str]:
        return git("for-each-ref", "--format=%(refname)", cwd=self.directory).splitlines()

    def is_free(self) -> bool:
        """Whether nobody holds the queue or says that a git is alive."""
        for name in (QUEUE_FILE, ALIVE_FILE):
            descriptor = os.open(self.directory / name, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            finally:
                os.close(descriptor)
        return True


@contextmanager
def hosting(server: GatewayServer, folder: Path) -> Iterator[Hosted]:
    """Serves a new repository as `demo`; afterwards no git, lock or quarantine may be left of it."""
    directory = bare_repository(folder / "demo.git", commits=3)
    policy = RepositoryPolicy(
        socket=folder / "policy.sock",
        repository_id=42,
        name="anna/demo",
        viewer=VIEWER,
        base_url="http://hub.test",
        hooks=install_hooks(folder / "run"),
        cache=folder / "cache",
    )
    fields: dict[str, Any] = {"directory": directory, "policy": policy, "limits": Limits()}
    server.targets = {"demo": fields}
    with ScriptedPolicy(policy.socket) as scripted:
        hosted = Hosted(server, scripted, directory, fields)
        yield hosted
        assert wait_until(lambda: git_processes(directory) == [])
        assert loose_ends(directory) == []
        assert wait_until(hosted.is_free)
