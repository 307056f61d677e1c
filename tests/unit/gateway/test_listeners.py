"""The listening sockets: what every accepted connection inherits."""

import socket

from hub.gateway.listeners import bind_tcp, bound_address


def test_accepted_connections_send_small_writes_at_once() -> None:
    """Without TCP_NODELAY each answer of two writes waited 40 ms for a delayed acknowledgement."""
    with bind_tcp("127.0.0.1:0") as listener:
        listener.setblocking(True)
        host, port = bound_address(listener).rsplit(":", 1)
        with socket.create_connection((host, int(port))), listener.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
