"""A fetch: one request to `git upload-pack`, its wants checked and, for a clone, its answer shared.

Over HTTP `upload_pack` serves one request. Over SSH `converse` serves a session: protocol v2 is request and
answer there too, so that each request takes the same way through the check and the cache.
"""

import asyncio
import contextlib
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

from hub.errors import HubError, TooLarge, Unavailable, text
from hub.gateway.advertisement import advertise
from hub.gateway.client import BodyReader, Client, ClientIdle, unless_left
from hub.gateway.fetch_cache import Producer, Source, cache_of
from hub.gateway.fetch_request import FetchRequest, old_ids, parse
from hub.gateway.git_child import CHUNK_BYTES, LOGGER, GitChild, spawn
from hub.gateway.git_service import GitTarget, RepositoryPolicy, slots
from hub.gateway.git_settings import HIDDEN_NAMESPACES, JOURNAL, environment, protocol_version, settings
from hub.gateway.pktline import FLUSH, BadPacket, packet, read_request
from hub.gateway.policy_client import PolicyUnavailable, ask
from hub.gateway.renewal import Renew
from hub.gateway.short_answers import MAX_BYTES, short_answers

T = TypeVar("T")

_SERVICE = "git-upload-pack"
_LARGE_REQUEST_BYTES = 128 << 10
# Whether many old blobs are reachable may take long to find out; a client that leaves is not waited for.
_WANTS_SECONDS = 240.0
_SHORT_PER_SLOT = 16
_IN_MEMORY_BYTES = 1 << 20
_CONVERSATIONS_PER_SLOT = 4
# git's own watch over a conversation of which we do not know whose turn it is (git-upload-pack(1)).
_CONVERSATION_TIMEOUT = "--timeout=600"
_TEMPORARY = Path(tempfile.gettempdir())


async def upload_pack(target: GitTarget, protocol: str, client: Client) -> None:
    """Serves one request: the client's body in, git's answer out.

    Raises ClientLeft, ClientIdle, TooLarge for a request beyond the limit, UnreadableRequest for one that is
    not of the protocol, Unavailable when the policy cannot be asked.
    """
    with await _spool(target, client.body()) as spool:
        await _serve(_Fetch(target, protocol, client), spool)
    await client.finish()


async def converse(target: GitTarget, protocol: str, client: Client, renew: Renew | None = None) -> None:
    """Serves a session of `git fetch` over SSH, until the client ends it.

    Protocol v2: the advertisement, then request after request, for each of which `renew` finds the target
    again, because a session may outlast the right to read. Older ones: one git that talks with the client
    itself, once what the client wants was checked.
    """
    if protocol_version(environment(target, protocol)) < 2:
        await _converse_directly(target, protocol, client)
        return
    await advertise(target, _SERVICE, protocol, client)
    reader = BodyReader(client.body())
    limit = target.limits.max_fetch_request_bytes
    with contextlib.suppress(asyncio.IncompleteReadError):  # the client ended the session
        while (request := await _next_request(reader, limit)) != FLUSH:
            current = target if renew is None else await renew()
            with _spool_of(request) as spool:
                await _serve(_Fetch(current, protocol, client), spool)


async def _next_request(reader: BodyReader, limit_bytes: int) -> bytes:
    try:
        request = await read_request(reader, limit_bytes)
    except BadPacket:
        return FLUSH
    if request is None:
        raise _too_large(limit_bytes)
    return request


def _too_large(limit_bytes: int) -> TooLarge:
    return TooLarge(text("A request to git-upload-pack may have %(limit)d bytes.", limit=limit_bytes))


async def _spool(target: GitTarget, body: AsyncIterator[bytes]) -> IO[bytes]:
    """The whole request in a file, which git reads as its stdin: no feeding, and so no deadlock with it."""
    limit = target.limits.max_fetch_request_bytes if target.policy is not None else None
    spool = tempfile.TemporaryFile()  # noqa: SIM115  # the caller closes it
    try:
        count = 0
        async for data in body:
            count += len(data)
            if limit is not None and count > limit:
                raise _too_large(limit)
            spool.write(data)
        spool.seek(0)
    except BaseException:
        spool.close()
        raise
    return spool


def _spool_of(request: bytes) -> IO[bytes]:
    spool = tempfile.TemporaryFile()  # noqa: SIM115  # the caller closes it
    spool.write(request)
    spool.seek(0)
    return spool


@dataclass(frozen=True, slots=True)
class _Fetch:
    """Who asks what of which repository."""

    target: GitTarget
    protocol: str
    client: Client

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.target, self.protocol)

    def arguments(self, hidden: Iterable[str] = ()) -> list[str]:
        own = settings(self.target, _SERVICE, hidden)
        return [*own, "upload-pack", "--stateless-rpc", str(self.target.directory)]


async def _serve(fetch: _Fetch, spool: IO[bytes]) -> None:
    policy = fetch.target.policy
    if policy is None:
        await _run(fetch, spool, fetch.arguments())
        return
    body = spool.read()
    spool.seek(0)
    if protocol_version(fetch.environment) < 2:
        if not await _is_refused(fetch.client, policy, await _aside(old_ids, body)):
            await _run(fetch, spool, fetch.arguments())
        return
    request = await _aside(parse, body)
    if request is None:
        return
    if request.command == "ls-refs":
        await _list_refs(fetch, policy, request, spool)
    else:
        await _serve_fetch(fetch, policy, request, spool)


async def _aside(read: Callable[[bytes], T], body: bytes) -> T:
    # A lazy checkout may want 100,000 blobs at once: not in the loop's thread.
    return await asyncio.to_thread(read, body) if len(body) > _LARGE_REQUEST_BYTES else read(body)


async def _serve_fetch(
    fetch: _Fetch, policy: RepositoryPolicy, request: FetchRequest, spool: IO[bytes]
) -> None:
    wants, unshallowed = request.wants(), request.unshallowed()
    answer = await _ask_wants(fetch.client, policy, [*wants, *unshallowed], with_journal=request.names_refs)
    refused = set(answer["refused"])
    if not refused.isdisjoint(wants):
        await _refuse(fetch.client, next(one for one in wants if one in refused))
        return
    if refused:
        request = request.without(refused)
        spool.truncate(0)
        spool.write(request.encoded())
        spool.seek(0)
    key = _key(request, answer, fetch.arguments(), fetch.environment)
    if not (wants and request.is_pure and await _follow(fetch, policy, key, spool)):
        await _run(fetch, spool, fetch.arguments())


async def _is_refused(client: Client, policy: RepositoryPolicy, ids: list[str]) -> bool:
    """Whether one of the ids may not be served; the client is told."""
    refused = (await _ask_wants(client, policy, ids))["refused"] if ids else []
    if refused:
        await _refuse(client, refused[0])
    return bool(refused)


async def _refuse(client: Client, object_id: str) -> None:
    # The words of git itself, which clients know how to show.
    await client.write(packet(f"ERR upload-pack: not our ref {object_id}".encode()))


async def _list_refs(
    fetch: _Fetch, policy: RepositoryPolicy, request: FetchRequest, spool: IO[bytes]
) -> None:
    """Answers ls-refs; what git said is kept for as long as no ref moves."""
    arguments = fetch.arguments([name for name in HIDDEN_NAMESPACES if not request.covers(name)])
    answer = await _ask_wants(fetch.client, policy, [], with_journal=request.covers(JOURNAL))
    key = _key(request, answer, arguments, fetch.environment)
    known = short_answers().find(key)
    if known is not None:
        await unless_left(fetch.client, fetch.client.write(known))
        return
    with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as said:
        if (
            await unless_left(fetch.client, _listen(fetch, spool, arguments, said))
            and said.tell() <= MAX_BYTES
        ):
            said.seek(0)
            short_answers().keep(key, said.read())
        said.seek(0)
        while data := said.read(CHUNK_BYTES):
            await unless_left(fetch.client, fetch.client.write(data))


async def _listen(fetch: _Fetch, spool: IO[bytes], arguments: list[str], said: IO[bytes]) -> bool:
    """Writes down what git says, so that a silent client holds nobody up; whether git ended well."""
    async with _running(fetch, spool, arguments, needs_slot=False) as child:
        while data := await child.read():
            said.write(data)
        return await child.wait() == 0


async def _ask_wants(
    client: Client, policy: RepositoryPolicy, wants: list[str], *, with_journal: bool = False
) -> dict[str, Any]:
    # Any: JSON, with `refused`, and as `state` what the answer depends on: the journal's refs are in it where
    # something of the journal is wanted, or `with_journal`.
    question = ask(
        policy.socket,
        "wants",
        timeout=_WANTS_SECONDS,
        repository_id=policy.repository_id,
        wants=wants,
        tips_only=False,
        with_journal=with_journal,
    )
    try:
        return await unless_left(client, question)
    except PolicyUnavailable as error:
        LOGGER.error("fetch from %s refused: %s", policy.name, error)
        failure = text("The hub cannot check this fetch now.")
        raise Unavailable(failure, next_step=text("Fetch again.")) from error


def _key(
    request: FetchRequest, answer: Mapping[str, Any], arguments: list[str], variables: Mapping[str, str]
) -> str:
    """What git's answer depends on: the request, the refs, and how git is started."""
    about = [answer["state"], *arguments, *(f"{name}={value}" for name, value in variables.items())]
    return request.digest(part.encode("utf-8", "surrogateescape") for part in about)


async def _follow(fetch: _Fetch, policy: RepositoryPolicy, key: str, spool: IO[bytes]) -> bool:
    """Serves the shared answer; False where none is kept at the moment."""
    if policy.cache is None:
        return False
    body = spool.read()
    spool.seek(0)

    @contextlib.asynccontextmanager
    async def produce() -> AsyncIterator[Source]:
        # Its own copy of the request: it goes on for others when the client that began it leaves.
        with _spool_of(body) as copy:
            async with _running(fetch, copy, fetch.arguments()) as child:
                yield child

    cache = cache_of(policy.cache, fetch.target.limits)
    if not cache.is_open:
        return False
    try:
        answer = cache.answer(key, produce)
    except OSError as error:
        LOGGER.error("an answer to a fetch cannot be kept: %s", error)
        return False
    await unless_left(fetch.client, answer.follow(fetch.client))
    return True


async def _run(fetch: _Fetch, spool: IO[bytes], arguments: list[str]) -> None:
    """Serves one request by a git of its own."""

    def produce() -> contextlib.AbstractAsyncContextManager[Source]:
        return _running(fetch, spool, arguments)

    policy = fetch.target.policy
    directory = policy.cache if policy is not None and policy.cache is not None else _TEMPORARY
    cache = cache_of(directory, fetch.target.limits)
    try:
        answer = cache.unshared(produce) if cache.has_room else None
    except OSError as error:
        LOGGER.error("an answer to a fetch has no file: %s", error)
        answer = None
    if answer is None:
        await unless_left(fetch.client, _pump(fetch.client, produce))
        return
    try:
        await unless_left(fetch.client, answer.follow(fetch.client))
    finally:
        answer.release()


async def _pump(client: Client, produce: Producer) -> None:
    async with produce() as child:
        while data := await child.read():
            await client.write(data)
        await child.wait()


@contextlib.asynccontextmanager
async def _running(
    fetch: _Fetch, spool: IO[bytes], arguments: list[str], *, needs_slot: bool = True
) -> AsyncIterator[GitChild]:
    """A running upload-pack that ends with the block; waits for a slot first, unless it makes no pack."""
    count = fetch.target.limits.pack_slots
    async with slots("pack", count) if needs_slot else slots("short", _SHORT_PER_SLOT * count):
        child = await spawn(arguments, fetch.environment, stdin=spool)
        try:
            yield child
        finally:
            await child.end()


async def _converse_directly(target: GitTarget, protocol: str, client: Client) -> None:
    fetch = _Fetch(target, protocol, client)
    # A silent client would hold a slot for long, so these conversations have places of their own.
    async with slots("conversation", _CONVERSATIONS_PER_SLOT * target.limits.pack_slots):
        child = await spawn(
            [*settings(target, _SERVICE), "upload-pack", _CONVERSATION_TIMEOUT, str(target.directory)],
            fetch.environment,
            stdin=subprocess.PIPE,
        )
        feed = asyncio.create_task(_feed(child, fetch))
        try:
            while data := await child.read():
                await client.write(data)
            await child.wait()
        finally:
            feed.cancel()
            await child.end()
            await asyncio.gather(feed, return_exceptions=True)


async def _feed(child: GitChild, fetch: _Fetch) -> None:
    """Passes on what the client says; a client that leaves ends its git's input, and so git."""
    reader = BodyReader(fetch.client.body())
    try:
        if not await _is_let_in(child, fetch, reader):
            return
        async for data in reader.rest():
            child.stdin.write(data)
            await child.stdin.drain()
    except (ConnectionError, ClientIdle):
        child.signal(signal.SIGTERM)
    except asyncio.IncompleteReadError:  # the client wanted nothing
        pass
    except HubError as error:
        await fetch.client.write(packet(f"ERR {error.what}".encode()))
    finally:
        child.stdin.close()


async def _is_let_in(child: GitChild, fetch: _Fetch, reader: BodyReader) -> bool:
    """Whether what the client wants may be served; git is told of it then."""
    policy = fetch.target.policy
    if policy is None:
        return True
    head = await _next_request(reader, fetch.target.limits.max_fetch_request_bytes)
    if await _is_refused(fetch.client, policy, await _aside(old_ids, head)):
        return False
    child.stdin.write(head)
    await child.stdin.drain()
    return True
