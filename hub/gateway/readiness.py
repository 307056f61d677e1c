"""Whether each part of the hub answers, asked from outside as its users ask."""

import http.client
import json
import socket
import struct
from pathlib import Path
from typing import Final

from hub.config import split_address

_PATIENCE_SECONDS: Final = 2.0


def pages_answer(address: str) -> bool:
    """Whether the front and the web workers behind it say at /readyz that they are ready."""
    host, port = split_address(address)
    connection = http.client.HTTPConnection(host, port, timeout=_PATIENCE_SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def ssh_answers(address: str) -> bool:
    """Whether the SSH part greets."""
    try:
        with socket.create_connection(split_address(address), timeout=_PATIENCE_SECONDS) as connection:
            return connection.recv(8).startswith(b"SSH-2.0-")
    except OSError:
        return False


def policy_answers(path: Path) -> bool:
    """Whether a policy process reaches the database."""
    question = json.dumps({"question": "ready"}).encode()
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_PATIENCE_SECONDS)
            connection.connect(str(path))
            connection.sendall(struct.pack("!I", len(question)) + question)
            (size,) = struct.unpack("!I", connection.recv(4, socket.MSG_WAITALL))
            return "error" not in json.loads(connection.recv(size, socket.MSG_WAITALL))
    except (OSError, ValueError, struct.error):
        return False
