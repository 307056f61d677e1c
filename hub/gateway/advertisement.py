"""What git says before a client asks: its refs, or for protocol v2 its capabilities."""

import subprocess
import tempfile
from typing import IO

from hub.errors import HubError, text
from hub.gateway.client import Client, unless_left
from hub.gateway.git_child import CHUNK_BYTES, spawn
from hub.gateway.git_service import GitTarget, slots
from hub.gateway.git_settings import environment, protocol_version, settings
from hub.gateway.short_answers import MAX_BYTES, short_answers

_MAX_ADVERTISEMENTS = 64
_IN_MEMORY_BYTES = 1 << 20


class Unreadable(HubError):
    """git could not read the repository."""

    code = "repository_unreadable"


async def advertise(
    target: GitTarget, service: str, protocol: str, client: Client, *, preamble: bytes = b""
) -> None:
    """Writes the advertisement of `service`, after `preamble`; raises Unreadable when git has nothing to say.

    Needs no slot of those for packs: it is short work, and what every client begins with. What git says is
    kept until git is done, so that a client that does not read it holds nobody else up.
    """
    key = _key(target, service, protocol)
    known = short_answers().find(key) if key else None
    if known is not None:
        await unless_left(client, client.write(preamble + known))
        return
    with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as said:
        said.write(preamble)
        await unless_left(client, _listen(target, service, protocol, said))
        if key and said.tell() <= MAX_BYTES:
            said.seek(len(preamble))
            short_answers().keep(key, said.read())
        said.seek(0)
        while data := said.read(CHUNK_BYTES):
            await unless_left(client, client.write(data))


def _key(target: GitTarget, service: str, protocol: str) -> str | None:
    """What the capabilities of protocol v2 follow from: how git is started, and that the repository is one of
    the hub's own, which have no configuration and ids of one kind. None where git has to be asked."""
    environ = environment(target, protocol)
    if target.policy is None or service != "git-upload-pack" or protocol_version(environ) < 2:
        return None
    return "\0".join([*settings(target, service), *(f"{name}={value}" for name, value in environ.items())])


async def _listen(target: GitTarget, service: str, protocol: str, said: IO[bytes]) -> None:
    command = [service.removeprefix("git-"), "--stateless-rpc", "--advertise-refs", str(target.directory)]
    async with slots("advertisement", _MAX_ADVERTISEMENTS):
        child = await spawn(
            [*settings(target, service), *command], environment(target, protocol), stdin=subprocess.DEVNULL
        )
        try:
            is_silent = True
            while data := await child.read():
                said.write(data)
                is_silent = False
            await child.wait()
        finally:
            await child.end()
    if is_silent:
        raise Unreadable(
            text("git cannot read this repository."),
            next_step=text("The log of the hub says why; tell its administrator."),
        )
