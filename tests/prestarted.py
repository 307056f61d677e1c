"""Commands of `hub` in processes that have imported everything already: forks of one that waits for orders.

To start Python and to import a hub takes more processor time than most tests that start one. What runs is the
same program, in a session of its own, with the environment and the files that it is given.
"""

import atexit
import gc
import importlib
import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Final

ROOT: Final = Path(__file__).parent.parent
_IMPORTED: Final = (
    "hub.cli", "hub.gateway.parts", "hub.web.request", "alembic.context", "asyncssh", "flask", "flask_babel",
    "flask_login", "gunicorn.arbiter", "gunicorn.workers.sync", "uvicorn.protocols.http.httptools_impl",
    "webauthn",
)  # fmt: skip
# Where requests are counted is decided when the library that counts them is imported, by this module.
_COUNTS: Final = "hub/pages/health_views.py"
_ORDER_BYTES: Final = 1 << 16


class Prestarted:
    """One running command, as subprocess.Popen shows it."""

    def __init__(self, pid: int, told: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._told = told

    def poll(self) -> int | None:
        """Its exit status, if it has ended."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, once it has ended."""
        status = self._look(timeout)
        if status is None:
            raise subprocess.TimeoutExpired("hub", timeout or 0)
        return status

    def send_signal(self, number: int) -> None:
        """Sends a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Ends it at once."""
        self.send_signal(signal.SIGKILL)

    def _look(self, seconds: float | None) -> int | None:
        if self.returncode is None and select.select([self._told], [], [], seconds)[0]:
            self.returncode = int(self._told.recv(_ORDER_BYTES))
            self._told.close()
        return self.returncode


def start(
    arguments: Sequence[str], *, environment: Mapping[str, str], folder: Path, files: Sequence[IO[bytes]]
) -> Prestarted:
    """Starts `hub ARGUMENTS` in that folder, with these as its standard input, output and errors."""
    order = {"arguments": arguments, "environment": dict(environment), "folder": str(folder)}
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        descriptors = [*(file.fileno() for file in files), theirs.fileno()]
        socket.send_fds(_orders(), [json.dumps(order).encode()], descriptors)
    return Prestarted(int(ours.recv(_ORDER_BYTES)), ours)


def run(
    arguments: Sequence[str], *, environment: Mapping[str, str], folder: Path, given: str, timeout: float
) -> subprocess.CompletedProcess[str]:
    """Runs `hub ARGUMENTS` to its end, as subprocess.run does."""
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        stdin.write(given.encode())
        stdin.seek(0)
        command = start(arguments, environment=environment, folder=folder, files=(stdin, out, err))
        try:
            status = command.wait(timeout)
        finally:
            command.kill()
            command.wait()
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(
            ("hub", *arguments), status, out.read().decode(), err.read().decode()
        )


@cache
def _orders() -> socket.socket:
    """Where orders are sent, to the one process of this test run that waits for them."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    compiled = tempfile.TemporaryDirectory()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "LC_ALL": "C.UTF-8",
        "PYTHONWARNINGS": "default",
    }
    with theirs:
        waiting = subprocess.Popen(
            (sys.executable, "-m", "tests.prestarted", compiled.name),
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            env=environment,
            cwd=ROOT,
            start_new_session=True,
        )

    def end() -> None:
        ours.close()
        waiting.wait()
        compiled.cleanup()

    atexit.register(end)
    return ours


def main(compiled: str) -> None:
    """Takes orders from the socket that is its standard input, until that is closed."""
    for name in (*_IMPORTED, *_pages()):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    from flask import Flask
    from jinja2 import FileSystemBytecodeCache

    # Templates are compiled by the first hub of a test run.
    Flask.jinja_options = {"bytecode_cache": FileSystemBytecodeCache(compiled)}
    with socket.socket(fileno=0) as orders:
        while True:
            order, descriptors, _, _ = socket.recv_fds(orders, _ORDER_BYTES, 4)
            _reap()
            if not order:
                return
            if os.fork() == 0:
                break
            for one in descriptors:
                os.close(one)
        _keep(json.loads(order), descriptors)


def _pages() -> list[str]:
    """Our pages' modules, but the one that counts."""
    paths = sorted(path.relative_to(ROOT) for path in (ROOT / "hub").rglob("*views.py"))
    return [".".join(path.with_suffix("").parts) for path in paths if path != Path(_COUNTS)]


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        pass


def _keep(order: dict[str, object], descriptors: list[int]) -> None:
    """Starts the command, says its id, and its exit status once it has ended."""
    *files, told = descriptors
    command = os.fork()
    if command == 0:
        os.close(told)
        _become(order, files)
        return
    for one in files:
        os.close(one)
    os.write(told, b"%d" % command)
    _, status = os.waitpid(command, 0)
    os.write(told, b"%d" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _become(order: dict[str, object], files: list[int]) -> None:
    """Is the command from here on; ends as it does."""
    from hub.cli import main as run_hub

    os.setsid()
    for number, one in enumerate(files):
        os.dup2(one, number)
        os.close(one)
    os.chdir(str(order["folder"]))
    os.environ.clear()
    os.environ.update(order["environment"])  # type: ignore[call-overload]  # as `start` wrote it
    sys.argv = ["hub", *order["arguments"]]  # type: ignore[misc]
    random.seed()
    run_hub()


if __name__ == "__main__":
    main(sys.argv[1])
