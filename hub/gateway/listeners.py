"""The listening sockets: bound once, inherited by the part that serves them, kept while it restarts."""

import ipaddress
import json
import os
import socket
from pathlib import Path
from typing import Final

from hub.config import Config, split_address
from hub.errors import Conflict, text

BACKLOG: Final = 2048


def web_socket_path(config: Config) -> Path:
    """Where the web workers listen."""
    return config.data / "run" / "web.sock"


def policy_socket_path(config: Config) -> Path:
    """Where the policy processes listen."""
    return config.data / "run" / "policy.sock"


def addresses_path(config: Config) -> Path:
    """Where a hub that is being served keeps its addresses, for commands on the same data folder."""
    return config.data / "run" / "addresses.json"


def find_served_http(config: Config) -> str | None:
    """The address of the pages of the hub that is served from this data folder; None where none is."""
    try:
        return str(json.loads(addresses_path(config).read_text("utf-8"))["http"])
    except FileNotFoundError:
        return None


def bind_tcp(address: str) -> socket.socket:
    """A listening socket on HOST:PORT; port 0 takes a free one. Raises Conflict in words."""
    host, port = split_address(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Accepted sockets inherit it. asyncio sets it only where a socket was made with IPPROTO_TCP; without it
    # each answer of two writes waits 40 ms for the client's delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise Conflict(
            text("The hub cannot listen on %(address)s.", address=address),
            text("The system says: %(reason)s.", reason=error.strerror or error),
            text("Choose another address, or stop the program that uses this one; port 0 takes a free one."),
        ) from error
    listener.setblocking(False)
    return listener


def bind_unix(path: Path) -> socket.socket:
    """A listening socket at `path`, for this user alone; what a dead process left there is replaced.

    Raises Conflict where a living process answers.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _answers(path):
        raise Conflict(
            text("Another process of the hub already listens at %(path)s.", path=path),
            next_step=text("Stop it first, or use another data folder."),
        )
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        # "AF_UNIX path too long" is the usual one: the name of a socket has at most 107 bytes (unix(7)).
        raise Conflict(
            text("The hub cannot listen at %(path)s.", path=path),
            text("The system says: %(reason)s.", reason=error.strerror or error),
            text("Use a data folder with a shorter path that this user may write to."),
        ) from error
    finally:
        os.umask(before)
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def is_loopback(address: str) -> bool:
    """Whether HOST:PORT can be reached from this machine only."""
    host, _ = split_address(address)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def bound_address(listener: socket.socket) -> str:
    """HOST:PORT where the socket really listens."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def reachable_address(listener: socket.socket) -> str:
    """HOST:PORT at which this machine itself reaches the socket: loopback where it listens everywhere."""
    host, port = listener.getsockname()[:2]
    nearby = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host)  # noqa: S104  # compared, not bound
    return f"{nearby}:{port}" if nearby else bound_address(listener)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True
