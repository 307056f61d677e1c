"""Whole answers to fetches and downloads, kept on disk: each is made once, and followed by any number of
clients while it grows. Nothing here decides who may read one: its key says what it answers, its caller
whom."""

import asyncio
import os
import tempfile
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from enum import Enum
from pathlib import Path
from typing import Protocol

from hub.gateway.client import Client
from hub.gateway.git_child import CHUNK_BYTES, LOGGER
from hub.gateway.git_service import Limits
from hub.gateway.loop_local import LoopLocal

_PAUSE_AFTER_DISK_ERROR_SECONDS = 60.0
# Each holds a descriptor; many clones of small repositories would use them up long before the bytes.
_MAX_ANSWERS = 256


class Source(Protocol):
    """What an answer is read from: a running git, or one that is watched."""

    async def read(self) -> bytes:
        """The next bytes; empty at the end."""

    async def wait(self) -> int:
        """The exit status."""


Producer = Callable[[], AbstractAsyncContextManager[Source]]
"""Starts the git whose output is the answer, and ends it."""
OnEnd = Callable[["CachedAnswer", BaseException | None], None]


class AnswerBroken(ConnectionError):
    """An answer that was begun cannot be ended; the connection must not end as if it were whole."""


class _State(Enum):
    GROWING = "growing"
    WHOLE = "whole"
    FAULTY = "faulty"
    """git failed and said why: those who wait for it shall read that, nobody else."""
    BROKEN = "broken"
    """The disk is full, or nobody waited any more: what is there is not an answer."""


class CachedAnswer:
    """One answer, in an anonymous file that is closed by the last of its holders: the cache, the producer,
    and each reader."""

    def __init__(self, directory: Path) -> None:
        # The file has no name, so that a crash leaves nothing behind.
        with tempfile.TemporaryFile(dir=directory) as file:
            self._file = os.dup(file.fileno())
        # Closed by the last holder, or with the event loop to which all holders belong.
        self._close = weakref.finalize(self, os.close, self._file)
        self._holders = 1
        self._readers = 0
        self._grown = asyncio.Event()
        self._task: asyncio.Task[_State] | None = None
        self.state = _State.GROWING
        self.size_bytes = 0

    @property
    def is_usable(self) -> bool:
        """Whether a further client may be served from it."""
        return self.state in (_State.GROWING, _State.WHOLE)

    @property
    def is_whole(self) -> bool:
        """Whether git has ended well, and all it said is there."""
        return self.state is _State.WHOLE

    @property
    def is_held(self) -> bool:
        """Whether its file is still there for somebody."""
        return self._holders > 0

    def start(self, produce: Producer, on_end: OnEnd) -> None:
        """Begins to fill it in the background; `on_end` is told when that is over."""
        self._holders += 1
        self._task = asyncio.create_task(self._fill(produce))
        # A callback, because a task that is cancelled before its first step runs no line of its own.
        self._task.add_done_callback(lambda task: self._ended(task, on_end))

    async def _fill(self, produce: Producer) -> _State:
        async with produce() as child:
            while data := await child.read():
                self._append(data)
            return _State.WHOLE if await child.wait() == 0 else _State.FAULTY

    def _ended(self, task: asyncio.Task[_State], on_end: OnEnd) -> None:
        fault = None if task.cancelled() else task.exception()
        self.state = _State.BROKEN if task.cancelled() or fault else task.result()
        self._grown.set()
        self.release()
        on_end(self, fault)

    def _append(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._file, rest) :]
        self.size_bytes += len(data)
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    async def follow(self, client: Client) -> None:
        """Writes the answer from its beginning, as it grows; raises AnswerBroken. When the last reader goes
        before it is whole, its git is ended."""
        with self._held():
            self._readers += 1
            try:
                await self._write_to(client)
            finally:
                self._readers -= 1
                if not self._readers and self.state is _State.GROWING and self._task is not None:
                    self.state = _State.BROKEN
                    self._task.cancel()

    async def _write_to(self, client: Client) -> None:
        at = 0
        while True:
            if at < self.size_bytes:
                data = os.pread(self._file, CHUNK_BYTES, at)
                at += len(data)
                await client.write(data)
            elif self.state is _State.GROWING:
                await self._grown.wait()
            elif self.state is _State.BROKEN:
                raise AnswerBroken("the answer could not be completed")
            else:
                return

    @contextmanager
    def _held(self) -> Iterator[None]:
        self._holders += 1
        try:
            yield
        finally:
            self.release()

    def release(self) -> None:
        """One holder less. The cache calls it when it forgets the answer; those who read it read on."""
        self._holders -= 1
        if self._holders == 0:
            self._close()


class FetchCache:
    """The answers that one process keeps: bounded by bytes and age, the oldest forgotten first."""

    def __init__(self, directory: Path, limits: Limits) -> None:
        self._directory = directory
        self._limits = limits
        self._answers: OrderedDict[str, CachedAnswer] = OrderedDict()
        self._unshared: weakref.WeakSet[CachedAnswer] = weakref.WeakSet()
        self._paused_until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether answers are kept at the moment."""
        return self._limits.cache_bytes > 0 and not self._is_paused

    @property
    def has_room(self) -> bool:
        """Whether one more client may have an answer of its own on the disk.

        Those on their way may pass the limit, by as many answers as git works on at once.
        """
        unread = sum(one.size_bytes for one in self._unshared if one.is_held)
        return unread < self._limits.cache_bytes and not self._is_paused

    @property
    def _is_paused(self) -> bool:
        """Whether the disk failed a short while ago: nothing is written to it then."""
        return time.monotonic() < self._paused_until

    def answer(self, key: str, produce: Producer) -> CachedAnswer:
        """The answer kept under `key`, whole or growing; otherwise a new one that `produce` fills.

        Raises OSError when no file can be made.
        """
        known = self._answers.get(key)
        if known is not None and known.is_usable:
            return known
        self._forget(key)
        self._answers[key] = self._begin(produce, lambda answer, fault: self._ended(key, answer, fault))
        return self._answers[key]

    def unshared(self, produce: Producer) -> CachedAnswer:
        """A new answer for one client, who releases it; nobody else is given it. Raises OSError.

        Through a file, git is done at its own speed: a client that reads slowly, or not at all, then keeps
        neither a process nor a place among those that git works on at once.
        """
        made = self._begin(produce, lambda _, fault: self._note(fault))
        self._unshared.add(made)
        return made

    def _begin(self, produce: Producer, on_end: OnEnd) -> CachedAnswer:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = CachedAnswer(self._directory)
        made.start(produce, on_end)
        return made

    def _note(self, fault: BaseException | None) -> None:
        if fault is not None:
            LOGGER.error("answers to fetches are not kept for a minute: %s", fault)
            self._paused_until = time.monotonic() + _PAUSE_AFTER_DISK_ERROR_SECONDS

    def _ended(self, key: str, answer: CachedAnswer, fault: BaseException | None) -> None:
        self._note(fault)
        if self._answers.get(key) is not answer:
            return
        if not answer.is_usable:
            self._forget(key)
            return
        self._evict()
        asyncio.get_running_loop().call_later(self._limits.cache_seconds, self._expire, key, answer)

    def _evict(self) -> None:
        # One that still grows is needed by its readers, whatever its size; it counts when it is whole.
        while self._is_over_a_limit:
            done = next((key for key, one in self._answers.items() if one.state is _State.WHOLE), None)
            if done is None:
                return
            self._forget(done)

    @property
    def _is_over_a_limit(self) -> bool:
        kept_bytes = sum(one.size_bytes for one in self._answers.values())
        return kept_bytes > self._limits.cache_bytes or len(self._answers) > _MAX_ANSWERS

    def _expire(self, key: str, answer: CachedAnswer) -> None:
        if self._answers.get(key) is answer:
            self._forget(key)

    def _forget(self, key: str) -> None:
        forgotten = self._answers.pop(key, None)
        if forgotten is not None:
            forgotten.release()
            self._unshared.add(forgotten)  # whoever still reads it keeps its bytes on the disk


_caches: LoopLocal[dict[Path, FetchCache]] = LoopLocal(dict)


def cache_of(directory: Path, limits: Limits) -> FetchCache:
    """The running loop's cache in `directory`."""
    return _caches.get().setdefault(directory, FetchCache(directory, limits))
