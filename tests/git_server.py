"""A git server outside of the hub, as an import meets it: well or badly behaved, and counting who comes."""

import base64
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class GitServer:
    """Serves one repository over smart HTTP on 127.0.0.1.

    `cut_after` breaks off after so many bytes of the pack, `leads_to` redirects everything, `password` is
    asked of everybody. `connections` counts who connected, `credentials` what they said.
    """

    directory: Path
    port: int = 0
    cut_after: int | None = None
    leads_to: str | None = None
    password: str | None = None
    connections: int = 0
    credentials: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address to clone from."""
        return f"http://127.0.0.1:{self.port}/source.git"


@contextmanager
def git_server(directory: Path) -> Iterator[GitServer]:
    """The server, listening until the block ends."""
    server = GitServer(directory)

    class Handler(_Handler):
        about = server

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        server.port = listener.server_port
        thread = threading.Thread(target=listener.serve_forever, daemon=True)
        thread.start()
        yield server
        listener.shutdown()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    about: GitServer

    def setup(self) -> None:
        self.about.connections += 1
        super().setup()

    def do_GET(self) -> None:
        if self._is_let_in():
            refs = self._git("upload-pack", "--advertise-refs", "--stateless-rpc")
            prefix = b"" if self.headers.get("Git-Protocol") else b"001e# service=git-upload-pack\n0000"
            self._answer("advertisement", prefix + refs)

    def do_POST(self) -> None:
        if self._is_let_in():
            asked = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self._answer("result", self._git("upload-pack", "--stateless-rpc", stdin=asked))

    def _is_let_in(self) -> bool:
        given = self.headers.get("Authorization", "").removeprefix("Basic ")
        said = base64.b64decode(given).decode() if given else ""
        if said:
            self.about.credentials.append(said)
        if self.about.leads_to is not None:
            self._refuse(302, "Location", self.about.leads_to)
        elif self.about.password is not None and said.partition(":")[2] != self.about.password:
            self._refuse(401, "WWW-Authenticate", "Basic")
        else:
            return True
        return False

    def _refuse(self, status: int, header: str, value: str) -> None:
        self.send_response(status)
        self.send_header(header, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _git(self, *command: str, stdin: bytes = b"") -> bytes:
        environment = {"PATH": "/usr/bin:/bin", "GIT_PROTOCOL": self.headers.get("Git-Protocol", "")}
        ran = ("git", "-c", "safe.directory=*", *command, str(self.about.directory))
        return subprocess.run(ran, input=stdin, env=environment, capture_output=True, check=True).stdout

    def _answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"application/x-git-upload-pack-{kind}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        cut = self.about.cut_after
        if cut is not None and kind == "result" and b"PACK" in body:
            body = body[:cut]
            self.close_connection = True
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as the library names it
        pass
