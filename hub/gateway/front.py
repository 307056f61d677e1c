"""The front: what listens for HTTP. git it serves itself, everything else the web workers answer."""

import asyncio
import logging
import resource
import signal
import socket
import time
from typing import Final

import structlog

from hub import logs
from hub.app import Hub
from hub.errors import HubError, text
from hub.gateway.asgi_client import Message, Receive, Scope, Send
from hub.gateway.client import ClientLeft
from hub.gateway.fetch_cache import AnswerBroken
from hub.gateway.forwarded import Origin, Proxies
from hub.gateway.git_http import git_http_app
from hub.gateway.handover import Downloader
from hub.gateway.http_server import HttpServer
from hub.gateway.listeners import web_socket_path
from hub.gateway.repeatable import Repeatable
from hub.gateway.resolve import ORIGIN, PATH, Resolver
from hub.gateway.targets import Targets
from hub.gateway.web_proxy import ClientGone, WebProxy

# After SIGTERM: fetches, which can be repeated, are cut off after the first time, pushes after the second.
FETCH_STOP_SECONDS: Final = 5.0
STOP_SECONDS: Final = 60
_MOST_CLIENTS: Final = 2000
# A client with a page open takes its own connection, one to the worker, and at most two files.
_FILES_PER_CLIENT: Final = 4
# Pages say more, and better; what git or the server of the workers answers by itself says nothing.
_SAFETY: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"same-origin"),
)

log = structlog.get_logger(__name__)


class Crashed(HubError):
    """Something that nobody expected."""


class Front:
    """The ASGI application of the front."""

    def __init__(self, hub: Hub) -> None:
        config = hub.config
        self._proxies = Proxies(config.trusted_proxies)
        self._git = git_http_app(Resolver(Targets(hub)))
        self._downloader = Downloader(config)
        self._web = WebProxy(
            web_socket_path(config),
            max_request_bytes=config.max_request_bytes,
            max_upload_bytes=config.max_bundle_bytes,
            idle_seconds=config.idle_seconds,
            take_over=self._downloader.send,
        )
        self._fetches = Repeatable()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request, and logs it unless a web worker has."""
        origin = self._proxies.origin(scope)
        answer = _Answer(send, origin)
        logs.bind(origin.request_id)
        started = time.perf_counter()
        try:
            if PATH.fullmatch(scope["path"]):
                await self._serve_git({**scope, ORIGIN: origin}, receive, answer)
            else:
                await self._serve_page(scope, receive, answer, origin)
        finally:
            if answer.is_ours:
                log.info(
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    status=answer.status,
                    milliseconds=round((time.perf_counter() - started) * 1000, 1),
                    address=origin.address,
                )

    async def _serve_git(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        answer.is_ours = True
        work = self._git(scope, receive, answer.send)
        if scope["path"].endswith("/git-receive-pack"):
            await work
        else:
            await self._fetches.run(work, answer.abort)

    async def _serve_page(self, scope: Scope, receive: Receive, answer: "_Answer", origin: Origin) -> None:
        try:
            await self._web.serve(scope, receive, answer.send, origin)
        except (ClientGone, ClientLeft, AnswerBroken):
            answer.abort()
        except HubError as error:
            await answer.refuse(error, is_head=scope["method"] == "HEAD")
        except Exception:  # the edge: whatever it is, the client gets an answer and the log the cause
            log.exception("page_failed")
            crashed = Crashed(
                text("The hub failed to serve this request."),
                next_step=text("Its log says why, at the request %(id)s.", id=origin.request_id),
            )
            await answer.refuse(crashed, is_head=scope["method"] == "HEAD")

    def stopping(self) -> None:
        """Cuts off in a while what still fetches or downloads; pushes go on."""
        asyncio.get_running_loop().call_later(FETCH_STOP_SECONDS, self._end_fetches)

    def _end_fetches(self) -> None:
        self._downloader.end_all()
        self._fetches.end_all()


class _Answer:
    """The answer to one request: what the front adds to each, and what became of it."""

    def __init__(self, send: Send, origin: Origin) -> None:
        self._send = send
        self._added = ((b"x-request-id", origin.request_id.encode()), *_SAFETY)
        self.status = 0
        self.is_ours = False
        """Whether no web worker has seen the request to its end."""
        # git's application looks for it where uvicorn has it, to end a connection that cannot go on.
        self.transport = getattr(getattr(send, "__self__", None), "transport", None)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            present = {name for name, _ in message["headers"]}
            added = [(name, value) for name, value in self._added if name not in present]
            message = {**message, "headers": [*message["headers"], *added]}
        await self._send(message)

    async def refuse(self, error: HubError, *, is_head: bool) -> None:
        """Answers in words; ends the connection where an answer was already begun."""
        self.is_ours = True
        if self.status:
            self.abort()
            return
        body = error.as_text().encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            *((name.lower().encode(), value.encode()) for name, value in error.headers.items()),
        ]
        await self.send({"type": "http.response.start", "status": error.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": b"" if is_head else body})

    def abort(self) -> None:
        """Ends the connection at once, whatever was still to be sent."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()


def serve(hub: Hub, listener: socket.socket) -> None:
    """Serves HTTP on the socket until SIGTERM; running pushes are finished, for a minute at most."""
    logging.getLogger("uvicorn").setLevel(logging.WARNING)  # it tells of its start and its end
    asyncio.run(_serve(hub, listener))


async def _serve(hub: Hub, listener: socket.socket) -> None:
    front = Front(hub)
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    server = HttpServer(
        front,
        limit_concurrency=min(_MOST_CLIENTS, files // _FILES_PER_CLIENT),
        idle_seconds=hub.config.idle_seconds,
        stop_seconds=STOP_SECONDS,
        on_stop=front.stopping,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    await server.serve(sockets=[listener])
