"""The client of one SSH session: what it sends, what it is sent, and when it has gone."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Final

import asyncssh

from hub.gateway.client import Client, ClientIdle, ClientLeft

_MOST_BUFFERED_BYTES: Final = 1 << 20

SshChannel = asyncssh.SSHServerChannel[bytes]


class SshSession(asyncssh.SSHServerSession[bytes]):
    """One channel on which a command was asked for; `serve` runs it. No terminal, no subsystem."""

    def __init__(
        self,
        serve: Callable[["SshSession"], Coroutine[Any, Any, None]],
        on_closed: Callable[["SshSession"], None],
    ) -> None:
        self._serve = serve
        self._on_closed = on_closed
        self._task: asyncio.Task[None] | None = None
        self._received: deque[bytes] = deque()
        self._received_bytes = 0
        self._changed = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._gone = asyncio.Event()
        self._has_ended = False
        self.channel: SshChannel
        self.command: str | None = None
        """What the client wants to run; None for a shell."""

    def connection_made(self, chan: SshChannel) -> None:
        """Takes the channel."""
        self.channel = chan

    def shell_requested(self) -> bool:
        """True: whoever wants a shell is told in words that there is none."""
        return True

    def exec_requested(self, command: str) -> bool:
        """True: the command is looked at when the session starts."""
        self.command = command
        return True

    def session_started(self) -> None:
        """Begins to serve."""
        self._task = asyncio.ensure_future(self._serve(self))

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        """Keeps what came until it is read; beyond a megabyte the client waits."""
        self._received.append(data)
        self._received_bytes += len(data)
        if self._received_bytes > _MOST_BUFFERED_BYTES:
            self.channel.pause_reading()
        self._changed.set()

    def eof_received(self) -> bool:
        """True: the client sends nothing more, and still reads."""
        self._has_ended = True
        self._changed.set()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Notes that nobody is there any more."""
        self._on_closed(self)
        self._gone.set()
        self._changed.set()
        self._writable.set()

    def pause_writing(self) -> None:
        """Notes that the client is slow."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Notes that the client reads again."""
        self._writable.set()

    async def read(self) -> bytes:
        """What came, empty at the client's end of it; raises ClientLeft."""
        while not self._received:
            if self._gone.is_set():
                raise ClientLeft
            if self._has_ended:
                return b""
            self._changed.clear()
            await self._changed.wait()
        data = b"".join(self._received)
        self._received.clear()
        is_paused = self._received_bytes > _MOST_BUFFERED_BYTES
        self._received_bytes = 0
        if is_paused and not self._gone.is_set():
            # Delivers at once what was held back, and may pause again: counted before, it would never resume.
            self.channel.resume_reading()
        return data

    async def write(self, data: bytes) -> None:
        """Sends, waiting while the client is slow; raises ClientLeft."""
        await self._writable.wait()
        if self._gone.is_set():
            raise ClientLeft
        try:
            self.channel.write(data)
        except OSError:  # the channel is being closed
            raise ClientLeft from None
        await self._writable.wait()

    async def gone(self) -> None:
        """Returns when the channel is closed."""
        await self._gone.wait()

    def tell(self, words: str) -> None:
        """Puts words on the client's standard error, where git shows them to whoever runs it."""
        if not self._gone.is_set():
            self.channel.write_stderr(words.encode())

    async def end(self, status: int, words: str = "") -> None:
        """Ends the session with words on the client's standard error and an exit status."""
        if self._gone.is_set():
            return
        if words:
            self.tell(words)
        self.channel.exit(status)
        await self.gone()

    def cut_off(self) -> None:
        """Ends the session at once, whatever was still to be sent."""
        if not self._gone.is_set():
            self.channel.abort()


class SshClient(Client):
    """A git service's client at the other end of an SSH session."""

    reads_answer_early = True

    def __init__(self, session: SshSession, *, read_idle_seconds: float, write_idle_seconds: float) -> None:
        self._session = session
        self._read_idle_seconds = read_idle_seconds
        self._write_idle_seconds = write_idle_seconds

    async def body(self) -> AsyncIterator[bytes]:
        """What the client sends until it ends its side."""
        while True:
            try:
                async with asyncio.timeout(self._read_idle_seconds):
                    data = await self._session.read()
            except TimeoutError:
                raise ClientIdle(self._read_idle_seconds) from None
            if not data:
                return
            yield data

    async def write(self, data: bytes) -> None:
        """Sends a part of the answer."""
        try:
            async with asyncio.timeout(self._write_idle_seconds):
                await self._session.write(data)
        except TimeoutError:
            raise ClientIdle(self._write_idle_seconds) from None

    async def finish(self) -> None:
        """Nothing: only the session has an end."""

    async def left(self) -> None:
        """Returns when the client has gone."""
        await self._session.gone()
