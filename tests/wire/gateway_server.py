"""The git application alone, served by uvicorn in a thread of this process, as an outside judge would."""

import asyncio
import http.client
import re
import socket
import subprocess
import threading
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Self

import uvicorn

from hub.gateway.asgi_client import Scope
from hub.gateway.git_http import GitTarget, git_http_app

BOTH = frozenset({"git-upload-pack", "git-receive-pack"})
Resolve = Callable[[Scope], Awaitable[GitTarget | None]]

_ROUTE = re.compile(r"/(?P<name>[\w.-]+)\.git/(?P<path>.*)")


class GatewayServer:
    """Serves `git_http_app(resolve)` on 127.0.0.1; `targets` are the fields of a GitTarget by repository."""

    def __init__(self, resolve: Resolve | None = None) -> None:
        self.targets: dict[str, Mapping[str, Any]] = {}
        self._config = uvicorn.Config(
            git_http_app(resolve or self._resolve),
            host="127.0.0.1",
            port=0,
            http="httptools",
            loop="asyncio",
            lifespan="off",
            server_header=False,
            date_header=False,
            log_level="warning",
            log_config=None,
        )
        self._server = uvicorn.Server(self._config)
        self._thread = threading.Thread(target=self._run)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    async def _resolve(self, scope: Scope) -> GitTarget | None:
        match = _ROUTE.fullmatch(scope["path"])
        if match is None or match["name"] not in self.targets:
            return None
        fields = {"services": BOTH, **self.targets[match["name"]]}
        return GitTarget(path=match["path"], **fields)

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._listener]))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join()
        self._listener.close()

    def url(self, name: str) -> str:
        """The address of one repository."""
        return f"http://127.0.0.1:{self.port}/{name}.git"

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """One raw request and its whole answer; a body that is an iterator goes chunked."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
        try:
            is_chunked = body is not None and not isinstance(body, bytes)
            connection.request(method, path, body, dict(headers or {}), encode_chunked=is_chunked)
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()


def git(*arguments: str, cwd: Path | None = None, stdin: bytes = b"") -> str:
    """What an administrator's git prints about a repository on the server."""
    done = subprocess.run(("git", *arguments), cwd=cwd, input=stdin, capture_output=True, check=True)
    return done.stdout.decode().strip()


def bare_repository(directory: Path, commits: int = 1) -> Path:
    """A bare repository with some commits on `main`, made in one go."""
    git("init", "--quiet", "--bare", "--initial-branch=main", str(directory))
    person = "A <a@example.org> 1700000000 +0000"
    stream = "".join(
        f"commit refs/heads/main\nmark :{n}\ncommitter {person}\ndata 2\nc{n % 10}\n"
        f"M 644 inline file{n % 7}\ndata {len(str(n))}\n{n}\n"
        for n in range(1, commits + 1)
    )
    git("fast-import", "--quiet", cwd=directory, stdin=stream.encode())
    return directory


def loose_ends(directory: Path) -> list[str]:
    """What a push that broke off may have left: quarantines and lock files."""
    found = [*directory.glob("objects/tmp_objdir-*"), *directory.glob("objects/incoming-*")]
    found += [path for path in directory.rglob("*.lock") if not path.name.startswith("hub-")]
    return [path.name for path in found]


def git_processes(directory: Path) -> list[int]:
    """The running gits whose command line names this repository."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if line.startswith(b"git\0") and str(directory).encode() in line:
                found.append(int(entry.name))
    return found
