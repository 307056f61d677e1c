"""At which addresses a hub can have passkeys."""

import pytest

from hub.accounts.sign_in.passkeys import Place, find_other_address, find_place


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("https://hub.example.org", Place("hub.example.org", "https://hub.example.org")),
        ("https://hub.example.org:8443", Place("hub.example.org", "https://hub.example.org:8443")),
        ("http://localhost:8080", Place("localhost", "http://localhost:8080")),
        ("http://hub.localhost", Place("hub.localhost", "http://hub.localhost")),
        ("http://hub.example.org", None),
        ("http://127.0.0.1:8080", None),
        ("https://192.0.2.1", None),
        ("https://[::1]:8080", None),
        ("", None),
    ],
)
def test_place_of_passkeys_is_a_name_that_browsers_trust(address: str, place: Place | None) -> None:
    assert find_place(address) == place


@pytest.mark.parametrize(
    ("address", "other"),
    [
        ("http://127.0.0.1:8080", "http://localhost:8080"),
        ("http://[::1]:8080", "http://localhost:8080"),
        ("http://127.0.0.1", "http://localhost"),
        ("http://192.0.2.1:8080", None),
        ("http://hub.example.org", None),
    ],
)
def test_address_of_this_machine_has_a_name_too(address: str, other: str | None) -> None:
    assert find_other_address(address) == other
