"""What git says before a client asks: its refs, or for protocol v2 its capabilities."""

import subprocess
import tempfile
from typing import IO

from hub.errors import HubError, text
from hub.gateway.client import Client, unless_left
from hub.gateway.git_child import CHUNK_BYTES, spawn
from hub.gateway.git_service import GitTarget, slots
from hub.gateway.git_settings import environment, settings

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
    with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as said:
        said.write(preamble)
        await unless_left(client, _listen(target, service, protocol, said))
        said.seek(0)
        while data := said.read(CHUNK_BYTES):
            await unless_left(client, client.write(data))


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
