"""The network that an address belongs to."""

import pytest

from hub.networks import network_of


@pytest.mark.parametrize(
    ("address", "bits", "network"),
    [
        ("203.0.113.7", 48, "203.0.113.0/24"),
        ("203.0.113.250", 64, "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", 64, "2001:db8:1:2::/64"),
        ("2001:db8:1:2:3:4:5:6", 48, "2001:db8:1::/48"),
        ("::ffff:203.0.113.7", 48, "203.0.113.0/24"),
        ("", 48, "unknown"),
        ("nonsense", 48, "unknown"),
    ],
)
def test_network_of_an_address(address: str, bits: int, network: str) -> None:
    assert network_of(address, bits=bits) == network
