"""Downloads: what a web worker allowed and named, the front sends.

The worker is free at once, and a slow reader costs a coroutine and a file. Each answer goes through a file
that git fills at its own speed, and that others who ask for the same follow or find whole: a reader who takes
their time holds neither a git nor one of the few places.
"""

import asyncio
import contextlib
import subprocess
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final

from hub.config import Config
from hub.errors import HubError, Unavailable, text
from hub.gateway.asgi_client import Headers, HttpClient, Receive, Scope, Send
from hub.gateway.client import unless_left
from hub.gateway.fetch_cache import AnswerBroken, CachedAnswer, FetchCache, Source, cache_of
from hub.gateway.git_child import LOGGER, GitChild, spawn
from hub.gateway.git_service import Limits, slots
from hub.gateway.repeatable import Repeatable
from hub.repos.git.downloads import ARCHIVES, SECONDS, Download, Kind, command, read

# How many gits of each kind run at once: to pack a tree or a history takes a processor each.
_PLACES: Final[Mapping[str, int]] = {"archive": 2, "file": 4}
_WAIT_SECONDS: Final = 15.0
_KEPT_SECONDS: Final = 3600.0
_OVERHEAD: Final = 2


class NoPlace(Unavailable):
    """As many archives as the hub makes at once are being made."""

    code = "no_place"

    def __init__(self, seconds: float) -> None:
        super().__init__(
            text("The hub did not come to this within %(seconds)g seconds.", seconds=seconds),
            text("It makes a few archives at a time, and others are waiting for theirs."),
            text("Try again in a moment, or clone the repository."),
        )


class NotMade(HubError):
    """git could not make what was asked for."""

    def __init__(self) -> None:
        super().__init__(
            text("git could not make this download."),
            text("The log of the hub says why."),
            text("Try again. If it happens again, tell whoever runs this hub."),
        )


class Downloader:
    """Sends downloads over HTTP. One for each front."""

    def __init__(self, config: Config, *, wait_seconds: float = _WAIT_SECONDS) -> None:
        self._config = config
        self._wait_seconds = wait_seconds
        self._repeatable = Repeatable()

    async def send(
        self, scope: Scope, receive: Receive, send: Send, *, what: bytes, headers: Headers
    ) -> None:
        """Answers a request with the download `what` names, under these headers of the worker's.

        Raises HubError before anything was sent, ClientLeft and AnswerBroken.
        """
        download = read(what.decode("ascii"))
        client = _Reader(scope, receive, send, headers=headers, size_bytes=download.size_bytes)
        client.idle_seconds = self._config.idle_seconds
        await self._repeatable.run(self._send(download, client), client.abort)

    def end_all(self) -> None:
        """Cuts off whatever is being sent; it can be asked for again."""
        self._repeatable.end_all()

    async def _send(self, download: Download, client: "_Reader") -> None:
        answer = self._answer(download)
        try:
            async with asyncio.timeout(self._wait_seconds) as patience:
                client.patience = patience
                await unless_left(client, answer.follow(client))
        except TimeoutError:
            raise NoPlace(self._wait_seconds) from None
        except AnswerBroken:
            if not client.has_begun:
                raise NotMade from None
            raise
        finally:
            if download.kind is Kind.BUNDLE:
                answer.release()
        if not answer.is_whole:
            raise AnswerBroken("git failed amid a download") if client.has_begun else NotMade
        await client.finish()

    def _answer(self, download: Download) -> CachedAnswer:
        cache = self._cache()
        if not cache.has_room:
            raise Unavailable(
                text("The hub has no room for a download right now."),
                text("The disk is full, or many slow readers are being served."),
                text("Try again in a moment, or clone the repository."),
            )

        def produce() -> contextlib.AbstractAsyncContextManager[Source]:
            return self._running(download)

        try:
            # What a branch reaches changes; everything else is named by the id of what it is made of.
            if download.kind is Kind.BUNDLE:
                return cache.unshared(produce)
            return cache.answer(download.as_text(), produce)
        except OSError as error:
            LOGGER.error("a download has no file: %s", error)
            raise NotMade from error

    def _cache(self) -> FetchCache:
        limits = Limits(cache_bytes=self._config.download_cache_bytes, cache_seconds=_KEPT_SECONDS)
        return cache_of(self._config.data / "cache" / "downloads", limits)

    @contextlib.asynccontextmanager
    async def _running(self, download: Download) -> AsyncIterator[Source]:
        kind = "archive" if download.kind in {*ARCHIVES, Kind.BUNDLE} else "file"
        asked = await asyncio.to_thread(command, self._config, download)
        async with slots(f"download {kind}", _PLACES[kind]):
            child = await spawn(
                asked.arguments, asked.environment, stdin=subprocess.DEVNULL, label=_label(download)
            )
            try:
                yield _Bounded(child, self._config.max_archive_bytes * _OVERHEAD, _label(download))
            finally:
                await child.end()


def _label(download: Download) -> str:
    return f"{download.kind} of repository {download.repository_id}"


class _Reader(HttpClient):
    """Whoever downloads. `patience` ends their wait for the first byte, and not what comes after it."""

    patience: asyncio.Timeout | None = None

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, *, headers: Headers, size_bytes: int | None
    ) -> None:
        super().__init__(scope, receive, send)
        length = [] if size_bytes is None else [(b"content-length", b"%d" % size_bytes)]
        self._answer_headers = [*headers, *length]

    def success_headers(self) -> Headers:
        return self._answer_headers

    async def write(self, data: bytes) -> None:
        if self.patience is not None:
            self.patience.reschedule(None)
            self.patience = None
        await super().write(data)


@dataclass(slots=True)
class _Bounded:
    """A git that is taken to have failed when it says more, or works longer, than it may."""

    child: GitChild
    bytes_left: int
    label: str
    deadline: float = 0.0
    is_over: bool = False

    def __post_init__(self) -> None:
        self.deadline = time.monotonic() + SECONDS

    async def read(self) -> bytes:
        try:
            async with asyncio.timeout(self.deadline - time.monotonic()):
                data = await self.child.read()
        except TimeoutError:
            return self._end("took too long")
        self.bytes_left -= len(data)
        return data if self.bytes_left >= 0 else self._end("became too large")

    def _end(self, why: str) -> bytes:
        LOGGER.warning("%s: %s", self.label, why)
        self.is_over = True
        return b""

    async def wait(self) -> int:
        return 1 if self.is_over else await self.child.wait()
