"""git's children: what they are started for, how many at once, and how they end.

Only `git upload-pack` and `git receive-pack` are started here; every other command of git runs in
`hub.repos.git`.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from hub.gateway.child_watcher import watch_children_without_threads
from hub.gateway.loop_local import LoopLocal

LOGGER = logging.getLogger("hub.gateway")
CHUNK_BYTES = 256 << 10
SERVICES = frozenset({"git-upload-pack", "git-receive-pack"})

_PIPE_BYTES = 1 << 20
_STDERR_LINES = 50
_GRACE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one client may ask of the server. The sizes hold only where there is a policy."""

    max_push_bytes: int = 2 << 30
    max_fetch_request_bytes: int = 32 << 20
    idle_seconds: float = 60
    pack_slots: int = 2 * (os.cpu_count() or 2)
    """How many fetches git works on at once."""
    content_checks: int = 1
    """How many pushes are examined at once: fewer than there are policy processes."""
    cache_bytes: int = 2 << 30
    cache_seconds: float = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryPolicy:
    """Where a repository's pushes are judged and recorded, and its fetches allowed."""

    socket: Path
    """The Unix socket of the policy processes."""
    repository_id: int
    name: str
    """As people write it: `anna/demo`. For log lines."""
    viewer: Mapping[str, object]
    """Who asks, as Viewer.as_dict() gives it."""
    base_url: str
    """The hub's address as this client reached it, for links in what a pusher reads."""
    hooks: Path
    """The folder that `hook_channel.install_hooks` filled."""
    cache: Path | None = None
    """The folder for answers to fetches that are kept; None keeps none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GitTarget:
    """One request to one repository: what `resolve` found, and what the caller may do there."""

    directory: Path
    """The bare repository."""
    path: str
    """What follows it in the URL: `info/refs`, `git-upload-pack` or `git-receive-pack`."""
    services: frozenset[str]
    """Those of `git-upload-pack` and `git-receive-pack` that this caller may use."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Additions to the children's environment, which win over ours."""
    config: Mapping[str, str] = field(default_factory=dict)
    """Additional `-c name=value` settings, which win over ours."""
    policy: RepositoryPolicy | None = None
    """The hub's own limits, hooks, judge and recorder; without it a client meets stock git."""
    limits: Limits = Limits()


class GitChild:
    """One running git: its output is read chunk by chunk, its stderr goes to the log."""

    def __init__(self, process: asyncio.subprocess.Process, label: str) -> None:
        self._process = process
        self._label = label
        self._complaints = asyncio.create_task(self._log_stderr())

    @property
    def stdin(self) -> asyncio.StreamWriter:
        """Where a streamed request is written; only for a child started without a file as its stdin."""
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _stdout(self) -> asyncio.StreamReader:
        assert self._process.stdout is not None
        return self._process.stdout

    async def read(self) -> bytes:
        """The next bytes of its output; empty at the end."""
        return await self._stdout.read(CHUNK_BYTES)

    async def wait(self) -> int:
        """Its exit status, once it has ended."""
        status = await self._process.wait()
        await self._complaints
        return status

    def signal(self, number: int) -> None:
        """Sends a signal, if it still runs.

        Not Process.send_signal(): that polls, and so reaps the child behind asyncio's back, which then
        reports status 255 and warns.
        """
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    async def end(self) -> None:
        """Ends it now if it still runs: SIGTERM lets git remove its temporary files and stop its own
        children; after five seconds SIGKILL."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._process.returncode is not None:
                break
            self.signal(number)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_GRACE_SECONDS):
                    # What it still writes must be read, or its end of the pipe is never seen closed.
                    while await self.read():
                        pass
                    await self._process.wait()
        self._complaints.cancel()

    async def _log_stderr(self) -> None:
        assert self._process.stderr is not None
        count = 0
        with contextlib.suppress(ValueError):  # a line beyond the reader's limit
            async for line in self._process.stderr:
                count += 1
                if count <= _STDERR_LINES:
                    LOGGER.warning("%s: %s", self._label, line.decode("utf-8", "replace").rstrip())


async def spawn(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdin: int | IO[bytes],
    inherited: Sequence[int] = (),
) -> GitChild:
    """Starts `git <arguments>`, which end with the repository's directory, in exactly this environment."""
    watch_children_without_threads()
    process = await asyncio.create_subprocess_exec(
        "git",
        *arguments,
        stdin=stdin,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(environment),
        pass_fds=inherited,
        limit=2 * CHUNK_BYTES,
    )
    _widen(process)
    return GitChild(process, f"git in {arguments[-1]}")


def _widen(process: asyncio.subprocess.Process) -> None:
    # A wider pipe halves the wake-ups of a large pack. uvloop does not show the pipe, and unprivileged
    # users have a quota of wide ones (pipe(7)): both only cost speed. A quick git may have ended already.
    transport = getattr(process.stdout, "_transport", None)
    pipe = transport.get_extra_info("pipe") if transport is not None else None
    if pipe is not None and hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError, ValueError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


_slots: LoopLocal[dict[tuple[str, int], asyncio.Semaphore]] = LoopLocal(dict)


def slots(kind: str, count: int) -> asyncio.Semaphore:
    """The running loop's `count` places for this kind of work."""
    return _slots.get().setdefault((kind, count), asyncio.Semaphore(count))
