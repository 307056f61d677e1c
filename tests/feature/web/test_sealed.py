"""What the hub gives away to get it back: unreadable, for one purpose, and by this hub alone."""

import pytest
from flask import Flask

from hub.web.sealed import seal, unseal


def test_what_was_sealed_comes_back_for_its_purpose(app: Flask) -> None:
    with app.app_context():
        sealed = seal("12.é", purpose="one")
        assert unseal(sealed, purpose="one") == "12.é"
        assert unseal(sealed, purpose="other") is None
        assert sealed.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("made_up", ["", "x", "1.2.3", "é", "=", "gAAAAA", "A" * 10_000])
def test_what_was_not_sealed_is_none(app: Flask, made_up: str) -> None:
    with app.app_context():
        assert unseal(made_up, purpose="one") is None
