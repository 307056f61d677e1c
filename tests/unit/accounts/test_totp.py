"""Codes of an authenticator app, by the test vectors of RFC 6238 and around a moment."""

from datetime import UTC, datetime

import pytest

from hub.accounts.sign_in.totp import find_step

# "12345678901234567890" of RFC 6238, appendix B, in base32; the codes there end in these six digits.
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
    ],
)
def test_code_of_the_moment_is_that_of_the_rfc(seconds: int, code: str) -> None:
    assert find_step(SECRET, code, datetime.fromtimestamp(seconds, UTC)) == seconds // 30


@pytest.mark.parametrize(
    ("seconds", "step"),
    [(-31, None), (-30, 37037036), (0, 37037036), (29, 37037036), (59, 37037036), (60, None)],
)
def test_code_is_known_from_the_step_before_to_the_step_after(seconds: int, step: int | None) -> None:
    moment = datetime.fromtimestamp(37037036 * 30 + seconds, UTC)
    assert find_step(SECRET, "081804", moment) == step


@pytest.mark.parametrize("code", ["", "81804", "0081804", "08180a", "٠٨١٨٠٤", "081804\x00", "-81804"])
def test_what_is_not_six_digits_is_no_code(code: str) -> None:
    assert find_step(SECRET, code, datetime.fromtimestamp(1111111109, UTC)) is None


def test_spaces_between_the_digits_do_not_matter() -> None:
    assert find_step(SECRET, " 081 804 ", datetime.fromtimestamp(1111111109, UTC)) == 37037036
