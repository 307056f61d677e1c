"""What counts as one account and as one network."""

import pytest

from hub.accounts.sign_in.throttle import account_subject, network_subject


@pytest.mark.parametrize(
    ("address", "subject"),
    [
        ("203.0.113.7", "network:203.0.113.0/24"),
        ("203.0.113.250", "network:203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "network:2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "network:203.0.113.0/24"),
        ("", "network:unknown"),
        ("nonsense", "network:unknown"),
    ],
)
def test_addresses_of_one_network_count_together(address: str, subject: str) -> None:
    assert network_subject(address) == subject


def test_account_counts_in_any_case_of_its_letters() -> None:
    assert account_subject("ANNA") == account_subject("anna")


def test_what_was_typed_as_a_name_is_not_kept() -> None:
    assert "hunter2" not in account_subject("hunter2")
