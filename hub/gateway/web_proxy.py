"""Hands pages to the web workers: each request whole over a connection of its own, each answer whole back.

A slow client thus costs a coroutine here and never a worker. Bodies above a megabyte lie on disk.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, Protocol

import httptools

from hub.errors import BadRequest, HubError, TooLarge, Unavailable, text
from hub.gateway.asgi_client import Message, Receive, Scope, Send
from hub.gateway.forwarded import Headers, Origin
from hub.web.hop import CAN_TAKE_OVER, HANDOVER

# Below the time after which gunicorn ends the worker and answers in HTML of its own.
ANSWER_SECONDS: Final = 25.0
_IN_MEMORY_BYTES: Final = 1 << 20
_CHUNK_BYTES: Final = 64 << 10
_ATTEMPTS: Final = 2

# Where files are uploaded that are larger than what a page takes. A GET of the same address is its form.
UPLOADS: Final = frozenset({b"/new/import"})

# Of one connection only (RFC 9110, 7.6.1), or said anew by this side of the hop.
_HOP_HEADERS: Final = frozenset(
    b"connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer "
    b"transfer-encoding upgrade content-length expect".split()
)
_HANDOVER: Final = HANDOVER.lower().encode()
_ORIGIN_HEADERS: Final = frozenset({b"forwarded", b"x-real-ip", b"x-request-id", _HANDOVER})
_SERVER_HEADERS: Final = frozenset({b"server", b"date"})
_OK: Final = 200
_BODILESS_STATUSES: Final = frozenset({204, 304})


class ClientGone(ConnectionError):
    """The client left before it had sent its request or read its answer."""


class WorkerLost(HubError):
    """The process that worked on the request ended before it had answered."""

    status = 502
    code = "worker_lost"

    def __init__(self) -> None:
        super().__init__(
            text("The process that worked on this request ended before it had answered."),
            text("Whether it did what was asked is not known."),
            text("Look first, then send it again. The log of the hub says why it ended."),
        )


class TookTooLong(HubError):
    """No answer within the time that a page may take."""

    status = 504
    code = "took_too_long"

    def __init__(self, seconds: float) -> None:
        super().__init__(
            text("This page was not ready within %(seconds)g seconds.", seconds=seconds),
            text("The hub may be busy, or the page too large."),
            text("Try again in a moment, or ask for less of it."),
        )


class BodyTooSlow(HubError):
    """The client began a request and then sent nothing more."""

    status = 408
    code = "body_too_slow"

    def __init__(self, seconds: float) -> None:
        super().__init__(
            text("Nothing more of the request came for %(seconds)g seconds.", seconds=seconds),
            next_step=text("Send it again when the connection is better."),
            headers={"Connection": "close"},
        )


@dataclass(slots=True)
class Answer:
    """What a worker answered; the body is read from its start."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: IO[bytes]
    size_bytes: int
    handed_over: bytes = b""
    """What is to be sent instead of the body, in the worker's words."""


class TakeOver(Protocol):
    """Answers a request with what a worker handed over, under its headers."""

    def __call__(
        self, scope: Scope, receive: Receive, send: Send, *, what: bytes, headers: list[tuple[bytes, bytes]]
    ) -> Awaitable[None]:
        """Raises HubError before anything was sent."""


class WebProxy:
    """Exchanges requests with the web workers."""

    def __init__(
        self,
        socket_path: Path,
        *,
        max_request_bytes: int,
        idle_seconds: float,
        max_upload_bytes: int = 0,
        answer_seconds: float = ANSWER_SECONDS,
        take_over: TakeOver | None = None,
    ) -> None:
        self._socket_path = socket_path
        self._max_request_bytes = max_request_bytes
        self._max_upload_bytes = max_upload_bytes
        self._idle_seconds = idle_seconds
        self._answer_seconds = answer_seconds
        self._take_over = take_over

    async def serve(self, scope: Scope, receive: Receive, send: Send, origin: Origin) -> int:
        """The status with which the request was answered. Raises HubError before anything was sent,
        ClientGone when nobody is left to be answered."""
        with _spool() as sent:
            limit = self._max_request_bytes
            if scope["method"] == "POST" and scope["raw_path"] in UPLOADS:
                refusal = await self._find_refusal(scope, send, origin)
                if refusal is not None:
                    return refusal
                limit += self._max_upload_bytes
            size_bytes = await self._take_body(scope, receive, sent, limit)
            head = request_head(scope, origin, size_bytes, takes_over=self._take_over is not None)
            with _spool() as received:
                answer = await self._exchange(scope["method"], head, sent, received)
                if not answer.handed_over or self._take_over is None:
                    await self._reply(scope["method"], answer, send)
                    return answer.status
        await self._take_over(scope, receive, send, what=answer.handed_over, headers=answer.headers)
        return answer.status

    async def _find_refusal(self, scope: Scope, send: Send, origin: Origin) -> int | None:
        """The status with which somebody was refused who may not even see the form; None for others.

        Asked before their upload is taken, which would fill the disk at anybody's request.
        """
        asked = {**scope, "method": "GET", "query_string": b""}
        with _spool() as nothing, _spool() as received:
            answer = await self._exchange("GET", request_head(asked, origin, 0), nothing, received)
            if answer.status == _OK:
                return None
            answer.headers.append((b"connection", b"close"))
            await self._reply("GET", answer, send)
            return answer.status

    async def _take_body(self, scope: Scope, receive: Receive, body: IO[bytes], limit: int) -> int:
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        size = 0
        while int(declared) <= limit:
            try:
                async with asyncio.timeout(self._idle_seconds):
                    message = await receive()
            except TimeoutError:
                raise BodyTooSlow(self._idle_seconds) from None
            if message["type"] == "http.disconnect":
                raise ClientGone
            body.write(message.get("body", b""))
            size += len(message.get("body", b""))
            if size > limit:
                break
            if not message.get("more_body"):
                return size
        raise TooLarge(
            text("The request is larger than %(limit)s bytes.", limit=limit),
            next_step=text("Send less at once; files and histories go through git."),
            headers={"Connection": "close"},
        )

    async def _exchange(self, method: str, head: bytes, sent: IO[bytes], received: IO[bytes]) -> Answer:
        try:
            async with asyncio.timeout(self._answer_seconds):
                for attempts_left in reversed(range(_ATTEMPTS)):
                    try:
                        return await self._attempt(method, head, sent, received)
                    except WorkerLost:
                        # Only what may be done twice without harm is, and never after the time is up.
                        if method not in ("GET", "HEAD") or not attempts_left:
                            raise
        except TimeoutError:
            raise TookTooLong(self._answer_seconds) from None
        raise AssertionError("unreachable")

    async def _attempt(self, method: str, head: bytes, sent: IO[bytes], received: IO[bytes]) -> Answer:
        received.seek(0)
        received.truncate()
        # A connection for each request: the kernel gives it to whichever worker is free, and none is stale.
        try:
            reader, writer = await asyncio.open_unix_connection(self._socket_path)
        except OSError as error:
            raise Unavailable(
                text("The pages are not there right now."),
                text("The process that answers them is not running."),
                text("Try again in a moment."),
            ) from error
        try:
            writer.write(head)
            for chunk in _chunks(sent):
                writer.write(chunk)
                await writer.drain()
            return await _read_answer(reader, method, received)
        except OSError as error:
            raise WorkerLost from error
        finally:
            writer.close()

    async def _reply(self, method: str, answer: Answer, send: Send) -> None:
        bodiless = method == "HEAD" or answer.status in _BODILESS_STATUSES
        headers = [*answer.headers]
        if not bodiless:
            headers.append((b"content-length", b"%d" % answer.size_bytes))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        if not bodiless:
            for chunk in _chunks(answer.body):
                message: Message = {"type": "http.response.body", "body": chunk, "more_body": True}
                try:
                    async with asyncio.timeout(self._idle_seconds):
                        await send(message)
                except TimeoutError:
                    raise ClientGone from None
        await send({"type": "http.response.body", "body": b""})


def request_head(scope: Scope, origin: Origin, size_bytes: int, *, takes_over: bool = False) -> bytes:
    """The request as the worker gets it, up to its body: what only we may say is said by us."""
    target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    if not target.startswith(b"/"):
        raise BadRequest(
            text("The hub serves paths that begin with a slash."),
            next_step=text("Ask for the path alone; the hub is not a proxy."),
        )
    lines = [scope["method"].encode() + b" " + target + b" HTTP/1.1"]
    lines += [name + b": " + value for name, value in _passed_on(scope["headers"])]
    lines += [
        b"x-forwarded-for: " + origin.address.encode(),
        b"x-forwarded-proto: " + origin.scheme.encode(),
        b"x-forwarded-host: " + origin.host.encode(),
        b"x-request-id: " + origin.request_id.encode(),
        b"content-length: %d" % size_bytes,
        b"connection: close",
    ]
    if takes_over:
        lines.append(_HANDOVER + b": " + CAN_TAKE_OVER.encode())
    return b"\r\n".join([*lines, b"", b""])


def _passed_on(headers: Headers) -> Iterator[tuple[bytes, bytes]]:
    headers = list(headers)
    named = _named_in_connection(headers)
    for name, value in headers:
        # An underscore would become the same WSGI variable as a hyphen, and so speak in another's name.
        if name in _HOP_HEADERS or name in named or b"_" in name:
            continue
        if name in _ORIGIN_HEADERS or name.startswith(b"x-forwarded-"):
            continue
        yield name, value


def _named_in_connection(headers: Headers) -> set[bytes]:
    values = b",".join(value for name, value in headers if name == b"connection")
    return {one.strip().lower() for one in values.split(b",")} - {b"host", b"cookie", b"authorization"}


@dataclass(slots=True)
class _Collector:
    """What the parser of an answer tells, kept."""

    body: IO[bytes]
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    size_bytes: int = 0
    has_headers: bool = False
    is_complete: bool = False

    def on_message_begin(self) -> None:
        self.headers, self.has_headers = [], False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.has_headers = True

    def on_body(self, data: bytes) -> None:
        self.body.write(data)
        self.size_bytes += len(data)

    def on_message_complete(self) -> None:
        self.is_complete = True

    @property
    def ends_with_connection(self) -> bool:
        return not any(name in (b"content-length", b"transfer-encoding") for name, _ in self.headers)


async def _read_answer(reader: asyncio.StreamReader, method: str, body: IO[bytes]) -> Answer:
    found = _Collector(body)
    parser = httptools.HttpResponseParser(found)
    while not found.is_complete:
        data = await reader.read(_CHUNK_BYTES)
        if not data:
            if found.has_headers and found.ends_with_connection:
                break
            raise WorkerLost
        try:
            parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise WorkerLost from error
        if found.has_headers and method == "HEAD":
            break
    status = parser.get_status_code()
    dropped = _HOP_HEADERS | _SERVER_HEADERS
    if method == "HEAD" or status in _BODILESS_STATUSES:
        dropped -= {b"content-length"}
    headers = [(name, value) for name, value in found.headers if name not in dropped | {_HANDOVER}]
    is_offered = method == "GET" and status == _OK
    handed_over = next((value for name, value in found.headers if name == _HANDOVER and is_offered), b"")
    return Answer(status, headers, body, found.size_bytes, handed_over)


def _chunks(body: IO[bytes]) -> Iterator[bytes]:
    body.seek(0)
    while chunk := body.read(_CHUNK_BYTES):
        yield chunk


def _spool() -> "tempfile.SpooledTemporaryFile[bytes]":
    return tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)
