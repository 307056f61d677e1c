"""Runs a function of ours over what strangers wrote, in a process that may be lost."""

import os
import resource
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NoReturn

import structlog

log = structlog.get_logger(__name__)

_MEMORY_BYTES: Final = 1 << 30
_CHUNK_BYTES: Final = 1 << 16
# On a busy machine a second of work takes longer; whoever waits for a page does not wait for ever.
_LONGEST_WAIT: Final = 5.0


class Lost(Exception):
    """The function did not end within its limits, or failed."""


def confined(function: Callable[[], bytes], *, cpu_seconds: float) -> bytes:
    """What the function returns; raises Lost when it needs more processor time or memory than it may.

    It runs in a fork of this process, which costs some milliseconds: it sees everything, changes nothing, and
    must not use connections, files or locks that it finds open.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _work(function, writing, cpu_seconds)
    os.close(writing)
    answer = None
    try:
        answer = _read(reading, time.monotonic() + cpu_seconds * _LONGEST_WAIT)
    finally:
        os.close(reading)
        if answer is None:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if answer is None or status != 0:
        raise Lost(f"stopped within its limits, status {status}")
    if answer[:1] == b"-":
        log.error("confined_failed", error=answer[1:].decode("utf-8", "replace"))
        raise Lost(answer[1:].decode("utf-8", "replace"))
    return answer[1:]


def _work(function: Callable[[], bytes], writing: int, cpu_seconds: float) -> NoReturn:
    """Does it, in the child, and ends the child without anything that the parent would do at its own end."""
    try:
        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPROF):
            signal.signal(one, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_BYTES, _MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # What SIGPROF does by default is to end the process, wherever it is.
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
        answer = b"+" + function()
    except BaseException as error:  # noqa: BLE001  # nothing may leave the child but through the pipe
        answer = b"-" + repr(error).encode("utf-8", "replace")
    with suppress(OSError):
        while answer:
            answer = answer[os.write(writing, answer) :]
    os._exit(0)


def _read(reading: int, ends_at: float) -> bytes | None:
    """All that the child says until it ends; None when it is still at work at that time."""
    pieces: list[bytes] = []
    while True:
        left = ends_at - time.monotonic()
        if left <= 0 or not select.select([reading], [], [], left)[0]:
            return None
        piece = os.read(reading, _CHUNK_BYTES)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)
