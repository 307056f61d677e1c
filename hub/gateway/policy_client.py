"""Questions to the policy processes: one connection each, four bytes of length and JSON both ways."""

import asyncio
import json
import socket
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_CONNECT_PAUSE_SECONDS = 0.005
_LONGEST_ANSWER_BYTES = 64 << 20


class PolicyUnavailable(OSError):
    """The policy processes did not answer, or answered that they could not."""


async def ask(
    socket_path: Path,
    question: str,
    descriptors: Sequence[int] = (),
    timeout: float = 60,
    **values: object,
) -> dict[str, Any]:  # Any: JSON, whose shape each question defines
    """The answer to one question; raises PolicyUnavailable.

    The descriptors travel with the question (SCM_RIGHTS), so that the queue stays taken while it is worked
    on even if this process dies meanwhile.
    """
    data = json.dumps({"question": question, **values}).encode()
    try:
        async with asyncio.timeout(timeout):
            answer = await _exchange(socket_path, data, descriptors)
    except TimeoutError as error:
        raise PolicyUnavailable(f"{question}: no answer within {timeout} seconds") from error
    except (OSError, EOFError, ValueError) as error:
        raise PolicyUnavailable(f"{question}: {error}") from error
    if "error" in answer:
        raise PolicyUnavailable(f"{question}: {answer['error']}")
    return answer


async def _exchange(path: Path, data: bytes, descriptors: Sequence[int]) -> dict[str, Any]:
    connection = await _connect(path)
    try:
        # Four bytes always fit into the buffer of a new connection.
        socket.send_fds(connection, [struct.pack("!I", len(data))], list(descriptors))
        reader, writer = await asyncio.open_unix_connection(sock=connection)
    except BaseException:
        connection.close()
        raise
    try:
        writer.write(data)
        await writer.drain()
        (size,) = struct.unpack("!I", await reader.readexactly(4))
        if size > _LONGEST_ANSWER_BYTES:
            raise ValueError(f"an answer of {size} bytes")
        answer: dict[str, Any] = json.loads(await reader.readexactly(size))
        return answer
    finally:
        writer.close()


async def _connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.setblocking(False)
        while True:
            try:
                connection.connect(str(path))
                return connection
            except BlockingIOError:
                # unix(7): the listener's backlog is full. Unlike with TCP nothing is under way, so that
                # loop.sock_connect would take the socket for a connected one.
                await asyncio.sleep(_CONNECT_PAUSE_SECONDS)
    except BaseException:
        connection.close()
        raise
