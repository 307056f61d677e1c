"""The far end of one git request, as `fetch` and `push` see it; HTTP and SSH each bring their own."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Coroutine
from typing import ClassVar, TypeVar

from hub.errors import HubError, text

T = TypeVar("T")


class ClientLeft(ConnectionError):
    """The client closed its connection before it was served; nobody is there to be answered."""


class ClientIdle(HubError):
    """The client sent nothing, or read nothing, for too long."""

    status = 408
    code = "client_idle"

    def __init__(self, seconds: float) -> None:
        super().__init__(
            text("Nothing was sent or read for %(seconds)g seconds, so the hub let go.", seconds=seconds),
            next_step=text("Run the command again when the connection is better."),
            headers={"Connection": "close"},
        )


class Client(ABC):
    """What a git service needs of its client. One object serves one request over HTTP, and one whole
    session over SSH, where `body` is everything the client ever sends."""

    reads_answer_early: ClassVar[bool]
    """Whether a push's answer is read, and the session ended, while the client still has something to send.
    Over SSH it is; over HTTP a body that git stopped reading has to be taken to its end, or the client sees
    a reset connection instead of git's reason."""

    @abstractmethod
    def body(self) -> AsyncIterator[bytes]:
        """What the client sends, decoded, chunk by chunk; ends where the client ended it.

        Raises ClientLeft, ClientIdle, or another HubError for a body that cannot be read. May be asked
        for again, and goes on where the last iterator stopped.
        """

    @abstractmethod
    async def write(self, data: bytes) -> None:
        """Sends a part of the answer, waiting while the client is slow; raises ClientIdle or ClientLeft."""

    @abstractmethod
    async def finish(self) -> None:
        """Says that the answer to this request is whole. Nothing to do where only the session has an end."""

    @abstractmethod
    async def left(self) -> None:
        """Returns when the client has gone. Called only while `body` is not being read.

        The end of what it sends is not enough over SSH: git closes that side after its last request, and
        reads on. There it is the connection, or the whole channel, that has to be closed.
        """


class BodyReader:
    """A client's body read in exact numbers of bytes."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer = bytearray()

    async def readexactly(self, count: int, /) -> bytes:
        """The next `count` bytes; raises asyncio.IncompleteReadError where the body ends earlier."""
        while len(self._buffer) < count:
            try:
                self._buffer += await anext(self._chunks)
            except StopAsyncIteration:
                raise asyncio.IncompleteReadError(bytes(self._buffer), count) from None
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    async def rest(self) -> AsyncIterator[bytes]:
        """What comes after that, chunk by chunk."""
        if self._buffer:
            yield bytes(self._buffer)
        async for data in self._chunks:
            yield data


async def unless_left(client: Client, work: Coroutine[object, object, T]) -> T:
    """The work's result; when the client goes first, the work is cancelled and ClientLeft raised.

    Needed because a server may discard in silence what is sent to a client that has left (uvicorn does).
    """
    task = asyncio.ensure_future(work)
    watch = asyncio.ensure_future(client.left())
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientLeft
        return task.result()
    finally:
        for one in (task, watch):
            one.cancel()
        await asyncio.gather(task, watch, return_exceptions=True)
