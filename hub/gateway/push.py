"""A push: `git receive-pack` fed with the client's body, and its report held until the push is recorded.

Over SSH, `converse` serves a whole session as two children, `--advertise-refs` and `--stateless-rpc`.
"""

import asyncio
import contextlib
import resource
import signal
import subprocess
from collections.abc import AsyncIterator

from hub.errors import TooLarge, Unavailable, text
from hub.gateway.advertisement import advertise
from hub.gateway.client import Client, ClientIdle, ClientLeft
from hub.gateway.git_child import LOGGER, GitChild, spawn
from hub.gateway.git_service import GitTarget, slots
from hub.gateway.git_settings import environment, settings
from hub.gateway.held_report import HeldReport
from hub.gateway.hook_channel import Conversation
from hub.gateway.renewal import Renew

_SERVICE = "git-receive-pack"
_EARLY_END_SECONDS = 5.0
_MAX_PUSHES = 256
# What may come before the pack: the commands and options. The pack itself is limited by git, with a reason.
_COMMANDS_BYTES = 32 << 20


class NotRecorded(Unavailable):
    """The refs moved and the push is not in the hub's records; it is recorded by the next sweep."""

    def __init__(self, reason: str) -> None:
        super().__init__(text("The push is %(reason)s.", reason=reason))


async def converse(target: GitTarget, protocol: str, client: Client, renew: Renew | None = None) -> None:
    """Serves a session of `git push` over SSH. A push has no protocol v2: `protocol` changes little."""
    await advertise(target, _SERVICE, protocol, client)
    await receive_pack(target, protocol, client, renew)


async def receive_pack(target: GitTarget, protocol: str, client: Client, renew: Renew | None = None) -> None:
    """Serves one push: the commands and the pack from the client's body, git's report as the answer.

    Before its refs are judged, `renew` says whether the client may still push.
    Until the body's end a client that leaves ends the push; afterwards it changes nothing. Raises ClientLeft
    or ClientIdle when the body broke off, NotRecorded when the client can be told in no other way.
    """
    async with slots("push", _MAX_PUSHES), contextlib.AsyncExitStack() as stack:
        push = await _start(target, protocol, client, stack, renew=renew)
        await push.run()
    if push.is_muted:
        raise ClientLeft  # a part of the answer was not taken: it must not end as if it were whole
    await client.finish()


async def _start(
    target: GitTarget,
    protocol: str,
    client: Client,
    stack: contextlib.AsyncExitStack,
    *,
    renew: Renew | None,
) -> "_Push":
    conversation = None
    if target.policy is not None:
        conversation = Conversation(target, target.policy, renew)
        stack.callback(conversation.close)
        await conversation.open()
    child = await spawn(
        [*settings(target, _SERVICE), "receive-pack", "--stateless-rpc", str(target.directory)],
        {**environment(target, protocol), **(conversation.environment if conversation else {})},
        stdin=subprocess.PIPE,
        inherited=conversation.descriptors if conversation else (),
        limits=_limits(target),
    )
    stack.push_async_callback(child.end)
    if conversation is not None:
        conversation.begin()
    limit = target.limits.max_push_bytes + _COMMANDS_BYTES if target.policy is not None else None
    return _Push(client, child, conversation, limit)


def _limits(target: GitTarget) -> dict[int, int] | None:
    # A few kilobytes of deltas unfold into gigabytes, long before anybody can look at their sizes.
    if target.policy is None:
        return None
    return {
        resource.RLIMIT_DATA: target.limits.push_memory_bytes,
        resource.RLIMIT_CPU: target.limits.push_processor_seconds,
        resource.RLIMIT_CORE: 0,
    }


class _Push:
    """One running receive-pack between a client's body and a client's answer."""

    def __init__(
        self, client: Client, child: GitChild, conversation: Conversation | None, limit_bytes: int | None
    ) -> None:
        self._client = client
        self._child = child
        self._conversation = conversation
        self._limit_bytes = limit_bytes
        self._has_spoken = False
        self.is_muted = False
        """Whether the client stopped taking its answer."""

    async def run(self) -> None:
        # git's output is read from the start: it may answer, and stop reading, before the body's end.
        relay = asyncio.create_task(self._relay())
        feed = asyncio.create_task(self._feed())
        try:
            await asyncio.wait({relay, feed}, return_when=asyncio.FIRST_COMPLETED)
            if not feed.done() and self._client.reads_answer_early:
                feed.cancel()
            else:
                await feed
            await relay
        except BaseException:
            feed.cancel()
            await self._end_early(relay)
            raise
        finally:
            await asyncio.gather(feed, relay, return_exceptions=True)

    async def _feed(self) -> None:
        """Writes the body into git; what comes after git stopped reading is thrown away."""
        stdin, is_open = self._child.stdin, True
        async for data in self._within_limit(self._client.body()):
            if is_open:
                try:
                    stdin.write(data)
                    await stdin.drain()
                except (BrokenPipeError, ConnectionResetError):
                    is_open = False
        stdin.close()

    async def _within_limit(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        count = 0
        async for data in body:
            count += len(data)
            # git stops at the limit of a pack by itself and says why; this is for endless commands.
            if self._limit_bytes is not None and count > self._limit_bytes and not self._has_spoken:
                raise TooLarge(text("The push is larger than %(limit)d bytes.", limit=self._limit_bytes))
            yield data

    async def _relay(self) -> None:
        """Passes on what git says, until the push is recorded and the report may be read."""
        held = HeldReport() if self._conversation else None
        while data := await self._child.read():
            await self._say(held.feed(data) if held else data)
        await self._child.wait()
        if self._conversation is None or held is None:
            return
        await self._conversation.ended()
        failure = self._conversation.failure
        rest = held.release(failure, self._conversation.lines)
        if failure and not rest and not self._has_spoken:
            raise NotRecorded(failure)  # a client that asked for no report at all
        await self._say(rest)

    async def _say(self, data: bytes) -> None:
        if not data or self.is_muted:
            return
        self._has_spoken = True
        try:
            await self._client.write(data)
        except (ClientLeft, ClientIdle):
            # The push goes on: whether its body came whole decides, not whether its answer is read.
            self.is_muted = True

    async def _end_early(self, relay: asyncio.Task[None]) -> None:
        """Lets git come to its own end. An end of input, not a signal: since 2.38 a killed receive-pack
        leaves its quarantine behind."""
        self.is_muted = True
        if self._conversation is not None:
            self._conversation.abort()
        self._child.stdin.close()
        if self._conversation is None or not self._conversation.is_accepted:
            await asyncio.wait({relay}, timeout=_EARLY_END_SECONDS)
            if not relay.done():
                LOGGER.warning("a push broke off and git did not end by itself")
                self._child.signal(signal.SIGTERM)
        await asyncio.wait({relay})
