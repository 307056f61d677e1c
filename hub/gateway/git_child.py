"""One running git: started with nothing of the server's own environment, read, and ended for sure.

Not asyncio's own subprocesses: how they learn of an exit differs between Python 3.11 (a thread for each
child), 3.12 and 3.14, their wait() waits for the pipes too, which a child of the child may hold, and a loop
that stops while one is being started hangs. Here a child belongs to the loop that started it, by its pidfd.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import resource
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import IO

from hub.gateway.pipes import reading, writing

LOGGER = logging.getLogger("hub.gateway")
CHUNK_BYTES = 256 << 10

_PIPE_BYTES = 1 << 20
_STDERR_LINES = 50
_STDERR_LINE_BYTES = 64 << 10
_STDERR_SECONDS = 0.2
_GRACE_SECONDS = 5.0


class GitChild:
    """A git whose output is read chunk by chunk, and whose stderr goes to the log."""

    stdin: asyncio.StreamWriter
    """Where a streamed request is written; only for a child started with a pipe as its stdin."""

    def __init__(self, process: subprocess.Popen[bytes], label: str) -> None:
        self._process = process
        self._label = label
        self._exited = _exit_of(process)

    async def connect(self) -> None:
        """Attaches its pipes to the running loop. Ends it where that fails: the loop may be about to
        stop, and with it whoever would hear of the exit."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        _widen(self._process.stdout)
        with contextlib.ExitStack() as failure:
            failure.enter_context(self._process)  # closes the pipes and waits
            failure.callback(self._process.kill)
            if self._process.stdin is not None:
                self.stdin = await writing(self._process.stdin)
                failure.callback(self.stdin.close)
            self._stdout, self._transport = await reading(self._process.stdout, 2 * CHUNK_BYTES)
            failure.callback(self._transport.close)
            stderr, transport = await reading(self._process.stderr, _STDERR_LINE_BYTES)
            self._complaints = asyncio.create_task(self._log(stderr, transport))
            failure.pop_all()

    async def read(self) -> bytes:
        """The next bytes of its output; empty at the end."""
        return await self._stdout.read(CHUNK_BYTES)

    async def wait(self) -> int:
        """Its exit status, once it has ended."""
        return await asyncio.shield(self._exited)

    def signal(self, number: int) -> None:
        """Sends a signal, if it still runs."""
        self._process.send_signal(number)

    async def end(self) -> None:
        """Ends it now if it still runs: SIGTERM lets git remove its temporary files and stop its own
        children; after five seconds SIGKILL. What it has not said by then is lost."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not self._exited.done():
                self.signal(number)
                await asyncio.wait({self._exited}, timeout=_GRACE_SECONDS)
        if self._process.stdin is not None:
            self.stdin.close()
        self._transport.close()
        # Its last words are on their way; a child of its own may hold the pipe much longer.
        await asyncio.wait({self._complaints}, timeout=_STDERR_SECONDS)
        self._complaints.cancel()

    async def _log(self, stderr: asyncio.StreamReader, transport: asyncio.ReadTransport) -> None:
        count = 0
        try:
            async for line in stderr:
                count += 1
                if count <= _STDERR_LINES:
                    LOGGER.warning("%s: %s", self._label, line.decode("utf-8", "replace").rstrip())
        except ValueError:  # a line beyond the limit; from here on nobody listens
            LOGGER.warning("%s: complains in lines that are too long", self._label)
        finally:
            transport.close()


async def spawn(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdin: int | IO[bytes],
    inherited: Sequence[int] = (),
    limits: Mapping[int, int] | None = None,
    label: str = "",
) -> GitChild:
    """Starts `git <arguments>` in exactly this environment.

    `label` is what the log calls it; where it is empty, the arguments end with the repository's directory.
    `limits` are resources of getrlimit(2), for it and for each process that it starts once it was spoken to.
    """
    process = subprocess.Popen(
        ("git", *arguments),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        env=dict(environment),
        pass_fds=inherited,
    )
    for limited, most in (limits or {}).items():
        with contextlib.suppress(OSError):  # it has ended already
            resource.prlimit(process.pid, limited, (most, most))
    child = GitChild(process, label or f"git in {arguments[-1]}")
    await child.connect()
    return child


def _exit_of(process: subprocess.Popen[bytes]) -> asyncio.Future[int]:
    """The exit status to come. The one place where the child is reaped."""
    loop = asyncio.get_running_loop()
    try:
        descriptor = os.pidfd_open(process.pid)
    except (AttributeError, OSError):  # not Linux, or one before 5.3
        return loop.run_in_executor(None, process.wait)
    exited: asyncio.Future[int] = loop.create_future()

    def reap() -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        exited.set_result(process.wait())

    loop.add_reader(descriptor, reap)
    return exited


def _widen(pipe: IO[bytes]) -> None:
    # A wider pipe halves the wake-ups of a large pack. Users have a quota of wide ones (pipe(7)).
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
