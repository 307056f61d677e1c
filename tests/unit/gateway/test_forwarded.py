from typing import Any

import pytest

from hub.errors import Invalid
from hub.gateway.forwarded import Proxies


def scope(peer: str, **headers: str) -> dict[str, Any]:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"client": (peer, 5000), "server": ("127.0.0.1", 8080), "scheme": "http", "headers": pairs}


@pytest.mark.parametrize(
    ("trusted", "peer", "chain", "address"),
    [
        ("", "198.51.100.1", "", "198.51.100.1"),
        ("", "127.0.0.1", "192.0.2.7", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.1", "192.0.2.7", "198.51.100.1"),
        ("127.0.0.1", "127.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("127.0.0.1", "127.0.0.1", "10.6.6.6, 192.0.2.7", "192.0.2.7"),
        ("127.0.0.1, 10.0.0.0/8", "127.0.0.1", "6.6.6.6, 192.0.2.7, 10.1.2.3", "192.0.2.7"),
        ("10.0.0.0/8", "10.1.1.1", "10.2.2.2", "10.2.2.2"),
        ("127.0.0.1", "127.0.0.1", "192.0.2.7, unknown", "127.0.0.1"),
        ("::1", "::1", "2001:db8::7", "2001:db8::7"),
    ],
)
def test_address_is_that_of_the_last_one_not_ours(trusted: str, peer: str, chain: str, address: str) -> None:
    origin = Proxies(trusted).origin(scope(peer, host="hub", x_forwarded_for=chain))

    assert origin.address == address


@pytest.mark.parametrize(
    ("trusted", "headers", "base_url"),
    [
        ("", {"host": "hub:8080"}, "http://hub:8080"),
        ("", {"host": "hub", "x_forwarded_proto": "https", "x_forwarded_host": "evil"}, "http://hub"),
        (
            "127.0.0.1",
            {"host": "inner", "x_forwarded_proto": "https", "x_forwarded_host": "hub"},
            "https://hub",
        ),
        ("127.0.0.1", {"host": "hub", "x_forwarded_proto": "gopher"}, "http://hub"),
        ("", {"host": 'x"><script>'}, "http://127.0.0.1:8080"),
        ("", {}, "http://127.0.0.1:8080"),
    ],
)
def test_base_url_is_what_the_client_used(trusted: str, headers: dict[str, str], base_url: str) -> None:
    assert Proxies(trusted).origin(scope("127.0.0.1", **headers)).base_url == base_url


@pytest.mark.parametrize(("trusted", "taken"), [("127.0.0.1", True), ("", False)])
def test_request_id_is_taken_from_a_trusted_proxy_only(trusted: str, taken: bool) -> None:
    origin = Proxies(trusted).origin(scope("127.0.0.1", host="hub", x_request_id="trace-7"))

    assert (origin.request_id == "trace-7") is taken


def test_request_id_that_could_break_a_line_is_replaced() -> None:
    origin = Proxies("127.0.0.1").origin(scope("127.0.0.1", host="hub", x_request_id="a b"))

    assert len(origin.request_id) == 16


def test_network_that_is_none_is_refused_in_words() -> None:
    with pytest.raises(Invalid) as caught:
        Proxies("127.0.0.1, proxy")

    assert caught.value.as_text() == (
        "The configuration cannot be used.\ntrusted_proxies: proxy is neither an address nor a network.\n"
    )
