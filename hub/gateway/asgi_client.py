"""The client of one HTTP request, as ASGI shows it."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from hub.errors import BadRequest, HubError, UnsupportedMedia, text
from hub.gateway.client import Client, ClientIdle, ClientLeft
from hub.gateway.git_child import CHUNK_BYTES

# Any: ASGI's dictionaries hold whatever their `type` says.
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

_NO_CACHE = (
    (b"expires", b"Fri, 01 Jan 1980 00:00:00 GMT"),
    (b"pragma", b"no-cache"),
    (b"cache-control", b"no-cache, max-age=0, must-revalidate"),
)
_GZIP_WINDOW = 31  # zlib's way to say: a gzip header, the largest window


class BadBody(BadRequest):
    """The body is not what its Content-Encoding says."""

    def __init__(self) -> None:
        super().__init__(text("The body of the request is not whole, valid gzip."))


class HttpClient(Client):
    """One HTTP request. The answer is begun by its first byte, so that a failure before has its status."""

    reads_answer_early = False

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._is_head = scope["method"] == "HEAD"
        self._headers = {bytes(name): bytes(value) for name, value in reversed(list(scope["headers"]))}
        self._receive = receive
        self._send = send
        self._has_more = True
        self.idle_seconds = 60.0
        self.content_type = ""
        """What a 200 says; set before the first write."""
        self.has_begun = False
        """Whether the status was sent."""

    def header(self, name: bytes) -> str:
        """The first header of this name; empty when there is none."""
        return self._headers.get(name, b"").decode("latin-1")

    async def body(self) -> AsyncIterator[bytes]:
        """The body, unpacked where it is gzip."""
        encoding = self.header(b"content-encoding").strip().lower()
        if encoding in ("", "identity"):
            chunks = self._chunks()
        elif encoding in ("gzip", "x-gzip"):
            chunks = _inflated(self._chunks())
        else:
            raise UnsupportedMedia(text("The hub does not read bodies encoded as %(name)s.", name=encoding))
        async for data in chunks:
            yield data

    async def _chunks(self) -> AsyncIterator[bytes]:
        while self._has_more:
            try:
                async with asyncio.timeout(self.idle_seconds):
                    message = await self._receive()
            except TimeoutError:
                raise ClientIdle(self.idle_seconds) from None
            if message["type"] == "http.disconnect":
                raise ClientLeft
            self._has_more = message.get("more_body", False)
            if message.get("body"):
                yield message["body"]

    def success_headers(self) -> Headers:
        """The headers of a 200."""
        return [*_NO_CACHE, (b"content-type", self.content_type.encode())]

    async def write(self, data: bytes) -> None:
        """Sends a part of a 200's body."""
        await self._begin(200, self.success_headers())
        if not self._is_head:
            await self._within_idle({"type": "http.response.body", "body": data, "more_body": True})

    async def finish(self) -> None:
        """Ends the 200. Not to be raced with `left`: once this is sent, receive() says `disconnect`."""
        await self._begin(200, self.success_headers())
        await self._within_idle({"type": "http.response.body", "body": b""})

    async def refuse(self, error: HubError) -> None:
        """Answers with a failure, in words; does nothing when an answer was begun."""
        if self.has_begun:
            return
        body = error.as_text().encode()
        headers = [
            *_NO_CACHE,
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            *((name.lower().encode(), value.encode("latin-1")) for name, value in error.headers.items()),
        ]
        await self._begin(error.status, headers)
        await self._within_idle({"type": "http.response.body", "body": b"" if self._is_head else body})

    async def left(self) -> None:
        """Returns when the client has gone."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _begin(self, status: int, headers: Headers) -> None:
        if not self.has_begun:
            self.has_begun = True
            await self._send({"type": "http.response.start", "status": status, "headers": list(headers)})

    async def _within_idle(self, message: Message) -> None:
        try:
            async with asyncio.timeout(self.idle_seconds):
                await self._send(message)
        except TimeoutError:
            raise ClientIdle(self.idle_seconds) from None

    def abort(self) -> None:
        """Ends a connection whose answer cannot be completed, and whose client may have stopped reading.

        uvicorn (0.54) closes such a connection only after its buffer is flushed, which a client that does
        not read never allows, and ASGI has no word for it: the transport is used where it can be found.
        """
        transport = getattr(getattr(self._send, "__self__", None), "transport", None)
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()


async def _inflated(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The unpacked body, in pieces of a bounded size whatever the ratio; raises BadBody."""
    inflate = zlib.decompressobj(_GZIP_WINDOW)
    async for packed in chunks:
        rest = packed
        while rest:
            try:
                piece = inflate.decompress(rest, CHUNK_BYTES)
            except zlib.error:
                raise BadBody from None
            rest = inflate.unconsumed_tail
            if piece:
                yield piece
        if inflate.unused_data:
            raise BadBody
    if not inflate.eof:
        raise BadBody
