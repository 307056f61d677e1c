"""Pipes that an event loop reads and writes: those of git's children and of its hooks."""

import asyncio
from typing import IO


class _ReaderProtocol(asyncio.StreamReaderProtocol):
    """Holds its reader, of which asyncio's own keeps only a weak reference.

    Otherwise nothing but the waiting task itself may know the reader, and both are collected as garbage.
    """

    def __init__(self, reader: asyncio.StreamReader) -> None:
        super().__init__(reader)
        self.reader = reader


async def reading(pipe: IO[bytes], limit_bytes: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    """A reader of the unbuffered pipe, and the transport that owns it from now on."""
    reader = asyncio.StreamReader(limit=limit_bytes)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: _ReaderProtocol(reader), pipe)
    return reader, transport


async def writing(pipe: IO[bytes]) -> asyncio.StreamWriter:
    """A writer of the unbuffered pipe, which it owns from now on."""
    loop = asyncio.get_running_loop()
    # The protocol is only there for its flow control: nothing is read from a pipe's writing end.
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), pipe
    )
    return asyncio.StreamWriter(transport, protocol, None, loop)
