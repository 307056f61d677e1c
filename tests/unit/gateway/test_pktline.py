"""Packet lines: what is a packet, what is not, and how a request ends."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hub.gateway.client import BodyReader
from hub.gateway.pktline import BadPacket, packet, read_packet, read_request, size_of, split


async def in_pieces(data: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


@pytest.mark.parametrize(("header", "size"), [(b"0000", 0), (b"0001", 1), (b"0004", 4), (b"fFf0", 65520)])
def test_a_size_is_four_hexadecimal_digits(header: bytes, size: int) -> None:
    assert size_of(header) == size


@pytest.mark.parametrize(
    "header", [b"0x1f", b"+01f", b"1_0f", b" 01f", b"001", b"00010", b"0003", b"ffff", b""]
)
def test_whatever_else_python_reads_as_a_number_is_not_one(header: bytes) -> None:
    with pytest.raises(BadPacket):
        size_of(header)


def test_split_gives_whole_packets_and_the_rest() -> None:
    assert split(b"0006ab0000000bsevench0006a") == ([b"ab", None, b"sevench"], b"0006a")


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_request_is_read_whatever_its_pieces(size: int) -> None:
    request = packet(b"command=fetch\n") + b"0001" + packet(b"done\n") + b"0000"
    reader = BodyReader(in_pieces(request + b"0000", size))
    assert asyncio.run(read_request(reader, 1000)) == request


def test_a_request_beyond_the_limit_is_given_up() -> None:
    reader = BodyReader(in_pieces(packet(b"x" * 100) * 10 + b"0000", 50))
    assert asyncio.run(read_request(reader, 500)) is None


def test_a_body_that_ends_within_a_packet_says_so() -> None:
    with pytest.raises(asyncio.IncompleteReadError):
        asyncio.run(read_packet(BodyReader(in_pieces(b"0010cut", 2))))
