"""What git says before a client asks: its refs, or for protocol v2 its capabilities."""

import subprocess

from hub.errors import HubError, text
from hub.gateway.client import Client, unless_left
from hub.gateway.git_child import GitChild, spawn
from hub.gateway.git_service import GitTarget, slots
from hub.gateway.git_settings import environment, settings

_MAX_ADVERTISEMENTS = 64


class Unreadable(HubError):
    """git could not read the repository."""

    code = "repository_unreadable"


async def advertise(
    target: GitTarget, service: str, protocol: str, client: Client, *, preamble: bytes = b""
) -> None:
    """Writes the advertisement of `service`, after `preamble`; raises Unreadable when git has nothing to say.

    Needs no slot of those for packs: it is short work, and what every client begins with.
    """
    async with slots("advertisement", _MAX_ADVERTISEMENTS):
        child = await spawn(
            [
                *settings(target, service),
                service.removeprefix("git-"),
                "--stateless-rpc",
                "--advertise-refs",
                str(target.directory),
            ],
            environment(target, protocol),
            stdin=subprocess.DEVNULL,
        )
        try:
            await unless_left(client, _pass_on(child, client, preamble))
        finally:
            await child.end()


async def _pass_on(child: GitChild, client: Client, preamble: bytes) -> None:
    data = await child.read()
    if not data:
        await child.wait()
        raise Unreadable(
            text("git cannot read this repository."),
            next_step=text("The log of the hub says why; tell its administrator."),
        )
    await client.write(preamble + data)
    while data := await child.read():
        await client.write(data)
    await child.wait()
