"""The queue of a repository: one push at a time from the judgement of its refs to their record."""

import asyncio
import fcntl
import os
from pathlib import Path
from weakref import WeakValueDictionary

from hub.gateway.loop_local import LoopLocal

QUEUE_FILE = "hub-queue.lock"
ALIVE_FILE = "hub-alive.lock"

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.002, 0.05

# Within one process an asyncio lock keeps the order and costs no polling; the flock is for the others.
_turns: LoopLocal[WeakValueDictionary[Path, asyncio.Lock]] = LoopLocal(WeakValueDictionary)


async def _flock(descriptor: int, operation: int) -> None:
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            # Never blocking: this runs in an event loop.
            fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
            return
        except BlockingIOError:  # another process of the hub, or a sweep
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


class RepositoryQueue:
    """One push's place in the queue, and its share of the lock that says that git is alive.

    Both files are opened before git starts and inherited by it, and travel with every question to the
    policy processes: if this process dies, the flocks stay taken until the last of those that still work
    on the push is gone. `hub-alive.lock` is shared by all pushes: whoever gets it exclusively knows that
    no git process of this repository is left.
    """

    def __init__(self, directory: Path) -> None:
        self._turn = _turns.get().setdefault(directory, asyncio.Lock())
        self._queue = os.open(directory / QUEUE_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._alive = os.open(directory / ALIVE_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            os.close(self._queue)
            raise
        self._is_held = False

    @property
    def descriptors(self) -> tuple[int, int]:
        """What children and policy processes must hold as well: the queue's, and that of being alive."""
        return self._queue, self._alive

    async def enter(self) -> None:
        """Waits for a sweep to end, and keeps the next one out until `close` and the end of git."""
        await _flock(self._alive, fcntl.LOCK_SH)

    async def take(self) -> None:
        """Waits until it is this push's turn."""
        await self._turn.acquire()
        try:
            await _flock(self._queue, fcntl.LOCK_EX)
        except BaseException:
            self._turn.release()
            raise
        self._is_held = True

    def free(self) -> None:
        """Gives the turn to the next push, for every holder of the descriptor."""
        if self._is_held:
            fcntl.flock(self._queue, fcntl.LOCK_UN)
            self.let_go()

    def let_go(self) -> None:
        """Gives up this process's part of the turn; the flock stays with the other holders.

        For a question that was not answered in time: the policy process may still be at work on it.
        """
        if self._is_held:
            self._is_held = False
            self._turn.release()

    def close(self) -> None:
        """Closes the descriptors; what git or a policy process inherited keeps its locks."""
        self.let_go()
        os.close(self._queue)
        os.close(self._alive)
