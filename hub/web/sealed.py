"""What the hub tells itself by way of a browser or a program: nobody else can read it, or make it up."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from flask import current_app


def seal(words: str, *, purpose: str) -> str:
    """The words as letters and digits that go into an address; they hold for this purpose alone."""
    return _cipher(purpose).encrypt(words.encode()).decode().rstrip("=")


def unseal(sealed: str, *, purpose: str) -> str | None:
    """The words that were sealed, or None for what this hub did not seal for this purpose."""
    try:
        return _cipher(purpose).decrypt(sealed + "=" * (-len(sealed) % 4)).decode()
    except (InvalidToken, ValueError):
        return None


def _cipher(purpose: str) -> Fernet:
    key = current_app.secret_key
    assert key, "the application has a key since it was made"
    material = key.encode() if isinstance(key, str) else key
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(purpose.encode() + b"\0" + material).digest()))
