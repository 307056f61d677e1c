import asyncio
import socket
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hub.errors import HubError, TooLarge, Unavailable
from hub.gateway.forwarded import Origin
from hub.gateway.web_proxy import BodyTooSlow, ClientGone, TookTooLong, WebProxy, WorkerLost
from tests.unit.gateway.unix_server import OK, UnixServer

ORIGIN = Origin("192.0.2.7", "https", "hub.example.org", "abc123")
MEGABYTES = 3 << 20


@dataclass
class Exchange:
    """One request through the proxy, and what its client was answered."""

    method: str = "GET"
    target: bytes = b"/anna"
    query: bytes = b""
    headers: Iterable[tuple[bytes, bytes]] = ((b"host", b"spoofed"),)
    body: list[bytes] = field(default_factory=lambda: [b""])
    answer_seconds: float = 60.0
    idle_seconds: float = 60.0
    leaves: bool = False
    sent: list[dict[str, Any]] = field(default_factory=list)

    def run(self, path: Path) -> int:
        proxy = WebProxy(
            path,
            max_request_bytes=4 << 20,
            idle_seconds=self.idle_seconds,
            answer_seconds=self.answer_seconds,
        )
        return asyncio.run(self._serve(proxy))

    async def _serve(self, proxy: WebProxy) -> int:
        scope = {
            "method": self.method,
            "raw_path": self.target,
            "query_string": self.query,
            "headers": list(self.headers),
        }
        return await proxy.serve(scope, self._receive, self._send, ORIGIN)

    async def _receive(self) -> dict[str, Any]:
        if self.leaves:
            return {"type": "http.disconnect"}
        if not self.body:
            await asyncio.sleep(600)
        data = self.body.pop(0)
        return {"type": "http.request", "body": data, "more_body": data != b""}

    async def _send(self, message: Any) -> None:
        self.sent.append(dict(message))

    @property
    def answered(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)

    @property
    def answered_headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "web.sock"


def test_request_reaches_the_worker_whole_and_its_answer_the_client(path: Path) -> None:
    exchange = Exchange(
        "POST", b"/a%20b", b"x=1&y=2", [(b"host", b"h"), (b"cookie", b"c=1")], [b"ab", b"c", b""]
    )
    with UnixServer(path, [OK]) as server:
        status = exchange.run(path)

    assert (status, exchange.answered) == (200, b"hi")
    assert exchange.answered_headers == {b"content-type": b"text/plain", b"content-length": b"2"}
    assert server.requests == [
        b"POST /a%20b?x=1&y=2 HTTP/1.1\r\nhost: h\r\ncookie: c=1\r\n"
        b"x-forwarded-for: 192.0.2.7\r\nx-forwarded-proto: https\r\nx-forwarded-host: hub.example.org\r\n"
        b"x-request-id: abc123\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabc"
    ]


@pytest.mark.parametrize(
    "header",
    [
        (b"x-forwarded-for", b"127.0.0.1"),
        (b"x-forwarded-prefix", b"/x"),
        (b"x_forwarded_for", b"127.0.0.1"),
        (b"forwarded", b"for=127.0.0.1"),
        (b"x-real-ip", b"127.0.0.1"),
        (b"x-request-id", b"mine"),
        (b"transfer-encoding", b"chunked"),
        (b"content-length", b"7"),
        (b"upgrade", b"websocket"),
        (b"expect", b"100-continue"),
        (b"te", b"trailers"),
    ],
)
def test_header_that_only_the_front_may_set_is_not_passed_on(path: Path, header: tuple[bytes, bytes]) -> None:
    with UnixServer(path, [OK]) as server:
        Exchange(headers=[header, (b"accept", b"*/*")]).run(path)

    lines = server.requests[0].split(b"\r\n")
    assert b": ".join(header) not in lines
    assert b"accept: */*" in lines
    assert [line for line in lines if line.startswith(b"content-length")] == [b"content-length: 0"]


def test_header_named_in_connection_belongs_to_that_connection(path: Path) -> None:
    headers = [(b"connection", b"close, X-Secret, Cookie"), (b"x-secret", b"1"), (b"cookie", b"c")]
    with UnixServer(path, [OK]) as server:
        Exchange(headers=headers).run(path)

    assert b"x-secret" not in server.requests[0]
    assert b"cookie: c" in server.requests[0]


def test_chunked_answer_is_given_its_length(path: Path) -> None:
    head = b"HTTP/1.1 201 Created\r\nServer: gunicorn\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunked = head + b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    exchange = Exchange()
    with UnixServer(path, [chunked]):
        assert exchange.run(path) == 201

    assert exchange.answered == b"abc"
    assert exchange.answered_headers == {b"content-length": b"3"}


def test_answer_that_ends_with_its_connection_is_whole(path: Path) -> None:
    exchange = Exchange()
    with UnixServer(path, [b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nall of it"]):
        exchange.run(path)

    assert exchange.answered == b"all of it"


def test_large_bodies_pass_in_both_directions(path: Path) -> None:
    large = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % MEGABYTES + b"x" * MEGABYTES
    exchange = Exchange("POST", body=[b"y" * MEGABYTES, b""])
    with UnixServer(path, [large]) as server:
        exchange.run(path)

    assert server.requests[0].endswith(b"\r\n\r\n" + b"y" * MEGABYTES)
    assert exchange.answered == b"x" * MEGABYTES
    assert max(len(message.get("body", b"")) for message in exchange.sent) <= 64 << 10


def test_every_cookie_of_an_answer_is_kept(path: Path) -> None:
    exchange = Exchange()
    with UnixServer(path, [b"HTTP/1.1 204 No Content\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n"]):
        exchange.run(path)

    assert exchange.sent[0]["headers"] == [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 304)])
def test_answer_without_a_body_keeps_its_length(path: Path, method: str, status: int) -> None:
    exchange = Exchange(method)
    with UnixServer(path, [b"HTTP/1.1 %d X\r\ncontent-length: 900\r\n\r\n" % status]):
        assert exchange.run(path) == status

    assert exchange.answered == b""
    assert exchange.answered_headers == {b"content-length": b"900"}


@pytest.mark.parametrize(
    "cut", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhal", b"nonsense\r\n\r\n"]
)
@pytest.mark.parametrize(("method", "attempts"), [("GET", 2), ("HEAD", 2), ("POST", 1), ("DELETE", 1)])
def test_only_what_may_be_done_twice_is_tried_again(
    path: Path, cut: bytes, method: str, attempts: int
) -> None:
    with UnixServer(path, [cut]) as server:
        if method == "HEAD" and cut.startswith(b"HTTP"):
            assert Exchange(method).run(path) == 200
            return
        with pytest.raises(WorkerLost):
            Exchange(method).run(path)

    assert len(server.requests) == attempts


def test_get_is_answered_by_the_next_worker(path: Path) -> None:
    exchange = Exchange()
    with UnixServer(path, [b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhal", OK]):
        assert exchange.run(path) == 200

    assert exchange.answered == b"hi"


def test_worker_that_hangs_is_not_tried_again(path: Path) -> None:
    released = threading.Event()

    def hang(_: socket.socket) -> None:
        released.wait(60)

    with UnixServer(path, [hang]) as server:
        with pytest.raises(TookTooLong):
            Exchange(answer_seconds=0.5).run(path)
        released.set()

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("exchange", "error"),
    [
        (Exchange("POST", headers=[(b"content-length", b"9999999999")]), TooLarge),
        (Exchange("POST", body=[b"x" * (1 << 20)] * 5), TooLarge),
        (Exchange("POST", body=[b"some"], idle_seconds=0.2), BodyTooSlow),
        (Exchange("POST", leaves=True), ClientGone),
        (Exchange(target=b"http://elsewhere/"), HubError),
    ],
    ids=["announced", "sent", "slow", "gone", "proxy"],
)
def test_request_that_is_not_whole_or_too_large_reaches_no_worker(
    path: Path, exchange: Exchange, error: type[Exception]
) -> None:
    with UnixServer(path, [OK]) as server, pytest.raises(error):
        exchange.run(path)

    assert server.requests == []
    assert exchange.sent == []


def test_missing_worker_is_said_in_words(path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        Exchange().run(path)

    assert caught.value.as_text() == (
        "The pages are not there right now.\n"
        "The process that answers them is not running.\n"
        "Try again in a moment.\n"
    )
