"""What a session keeps of what its client sends, and how it has the client wait."""

import asyncio

from hub.gateway.ssh_client import SshSession

MEGABYTE = 1 << 20


class Channel:
    """Holds data back while it is paused; delivers it from within `resume_reading`, as asyncssh does."""

    def __init__(self, session: SshSession) -> None:
        self.session = session
        self.is_paused = False
        self.held_back: list[bytes] = []

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False
        while self.held_back and not self.is_paused:
            self.session.data_received(self.held_back.pop(0), None)

    def arrive(self, data: bytes) -> None:
        if self.is_paused:
            self.held_back.append(data)
        else:
            self.session.data_received(data, None)


async def _serve(_: SshSession) -> None:
    """Nothing: the test reads."""


def test_what_was_held_back_while_paused_is_read_to_its_end() -> None:
    """A push over SSH stood still for ever when more had come than the session keeps."""

    async def read_all() -> int:
        session = SshSession(_serve, lambda _: None)
        channel = Channel(session)
        session.channel = channel  # type: ignore[assignment]
        for _ in range(80):
            channel.arrive(bytes(MEGABYTE // 16))
        count = 0
        while count < 5 * MEGABYTE:
            count += len(await asyncio.wait_for(session.read(), 20))
        return count

    assert asyncio.run(read_all()) == 5 * MEGABYTE
