"""What counts as one account and as one network."""

from hub.accounts.sign_in.throttle import account_subject, network_subject


def test_addresses_of_one_network_count_together() -> None:
    assert network_subject("2001:db8:1:2:3:4:5:6") == "network:2001:db8:1:2::/64"


def test_account_counts_in_any_case_of_its_letters() -> None:
    assert account_subject("ANNA") == account_subject("anna")


def test_what_was_typed_as_a_name_is_not_kept() -> None:
    assert "hunter2" not in account_subject("hunter2")
