"""uvicorn as the front uses it: patient with slow clients for a known time, and ended by us."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hub.gateway.listeners import BACKLOG

_LONGEST_HEAD_SECONDS: Final = 20.0
_LARGEST_HEAD_BYTES: Final = 64 << 10
_KEEP_ALIVE_SECONDS: Final = 15
_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 41\r\nconnection: close\r\n\r\n"
    b"The headers of the request are too large\n"
)


class PatientProtocol(HttpToolsProtocol):
    """One connection. uvicorn itself waits for the end of a request's head for ever, and takes any size."""

    config: "_Settings"
    _deadline: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _is_in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins to wait for the first request."""
        super().connection_made(transport)
        # What was written for a client that reads no more is dropped after a while (tcp(7)).
        connection = transport.get_extra_info("socket")
        connection.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(self.config.unread_seconds * 1000)
        )
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the wait with the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parses what came, unless the head grows beyond all measure."""
        if self._is_in_head:
            self._head_bytes += len(data)
            if self._head_bytes > _LARGEST_HEAD_BYTES + len(data):
                self.transport.write(_TOO_LARGE)
                self.transport.close()
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Begins to wait for the rest of the head."""
        self._is_in_head = True
        if self._deadline is None:
            self._wait_for_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole: from here on the application watches over the body."""
        self._is_in_head = False
        self._head_bytes = 0
        self._stop_waiting()
        super().on_headers_complete()

    def _wait_for_head(self) -> None:
        self._deadline = self.loop.call_later(self.config.head_seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.abort()


class _Settings(uvicorn.Config):
    """uvicorn's settings and two of our own."""

    head_seconds = _LONGEST_HEAD_SECONDS
    unread_seconds = 120.0


class HttpServer(uvicorn.Server):
    """One uvicorn on a socket that is already bound, until `stop` is called."""

    def __init__(
        self,
        application: Any,  # Any: uvicorn's own types of ASGI applications differ from ours
        *,
        limit_concurrency: int,
        idle_seconds: float,
        stop_seconds: int,
        on_stop: Callable[[], None],
    ) -> None:
        settings = _Settings(
            application,
            http=PatientProtocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            limit_concurrency=limit_concurrency,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=stop_seconds,
        )
        settings.head_seconds = min(_LONGEST_HEAD_SECONDS, idle_seconds)
        settings.unread_seconds = 2 * idle_seconds
        super().__init__(settings)
        self._on_stop = on_stop

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Takes no signals. uvicorn would raise those it took once more at its end, and so die of SIGTERM
        after a clean stop (uvicorn 0.54)."""
        yield

    def stop(self) -> None:
        """Has the server end: no new connections, and what is being served is served."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends the server; tells `on_stop` first."""
        self._on_stop()
        await super().shutdown(sockets)
