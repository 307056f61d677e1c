"""Packet lines, the framing of git's protocols: made, split and read (gitprotocol-common(5))."""

from typing import Protocol

FLUSH = b"0000"
DELIMITER = b"0001"
MAX_DATA_BYTES = 65516
"""The most that fits into one packet: 65520 bytes less the four of its size."""

_HEX_DIGITS = b"0123456789abcdefABCDEF"


class ByteReader(Protocol):
    """Whatever gives an exact number of bytes, such as asyncio.StreamReader."""

    async def readexactly(self, n: int, /) -> bytes:
        """The next `n` bytes; raises asyncio.IncompleteReadError where the stream ends earlier."""


class BadPacket(ValueError):
    """What stands where a packet's size should be is not one."""


def packet(data: bytes) -> bytes:
    """`data` as one packet."""
    return b"%04x%s" % (len(data) + 4, data)


def size_of(header: bytes) -> int:
    """The size that four hexadecimal digits state; 0 to 2 mean a flush, a delimiter, a response's end.

    Strict on purpose: int() also reads `0x1f`, `+1f` and `1_f`, and what we read as one packet git must
    read as the same one.
    """
    if len(header) != 4 or header.translate(None, _HEX_DIGITS):
        raise BadPacket(f"{header!r} is not the size of a packet")
    size = int(header, 16)
    if size == 3 or size > MAX_DATA_BYTES + 4:
        raise BadPacket(f"{size} is not the size of a packet")
    return size


def split(data: bytes) -> tuple[list[bytes | None], bytes]:
    """All whole packets of `data` (None for a flush and its like), and the rest."""
    packets: list[bytes | None] = []
    at = 0
    while len(data) - at >= 4:
        size = size_of(data[at : at + 4])
        if size < 4:
            packets.append(None)
            at += 4
        elif len(data) - at < size:
            break
        else:
            packets.append(data[at + 4 : at + size])
            at += size
    return packets, data[at:]


async def read_packet(reader: ByteReader) -> bytes | None:
    """The next packet's data, or None for a flush."""
    size = size_of(await reader.readexactly(4))
    return None if size < 4 else await reader.readexactly(size - 4)


async def read_request(reader: ByteReader, limit_bytes: int) -> bytes | None:
    """One request of protocol v2 as it was sent, its flush included; None when it would pass the limit."""
    request = bytearray()
    while True:
        header = await reader.readexactly(4)
        size = size_of(header)
        request += header
        if size > 4:
            request += await reader.readexactly(size - 4)
        if size == 0:
            return bytes(request)
        if len(request) > limit_bytes:
            return None
