"""What the database keeps and only this hub can read or check: by a key that lies beside the database."""

import base64
import hashlib
import hmac
from functools import cache
from pathlib import Path

from cryptography.fernet import Fernet
from sqlalchemy.orm import Session

from hub.config import Config
from hub.db import config_of
from hub.secret_keys import load_key


def key_file(config: Config) -> Path:
    """The file of the key; without it no authenticator app and no recovery code works."""
    return config.data / "keys" / "second-steps"


def seal(session: Session, user_id: int, secret: str) -> bytes:
    """The secret as only this hub can read it, and only for this person."""
    return _cipher(session).encrypt(f"{user_id}:{secret}".encode())


def unseal(session: Session, user_id: int, sealed: bytes) -> str:
    """The secret that `seal` was given; raises ValueError for one of another person.

    Raises cryptography's InvalidToken for what this hub did not seal.
    """
    owner, _, secret = _cipher(session).decrypt(sealed).decode().partition(":")
    if owner != str(user_id):
        raise ValueError("the secret was sealed for somebody else")
    return secret


def digest(session: Session, user_id: int, code: str) -> bytes:
    """What stands for a short code of a person: nobody finds the code by trying without the key."""
    message = f"code:{user_id}:{code}".encode("utf-8", "surrogatepass")
    return hmac.new(_key(session), message, hashlib.sha256).digest()


def _cipher(session: Session) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_key(session)))


def _key(session: Session) -> bytes:
    return _load(key_file(config_of(session)))


@cache
def _load(path: Path) -> bytes:
    return load_key(path)
