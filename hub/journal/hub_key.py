"""The hub's own key: what names the hub for ever, and answers for the entries that it writes down."""

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from hub.accounts.keys import fingerprint_of
from hub.config import Config
from hub.secret_keys import load_key


@dataclass(frozen=True, slots=True)
class HubKey:
    """The public side of the hub's key.

    `public` is the line that OpenSSH writes, `hub_id` the SHA-256 of the key's wire form in hex.
    """

    hub_id: str
    fingerprint: str
    public: str


def key_file(config: Config) -> Path:
    """The file of the key, in OpenSSH's form; a hub that loses it is another hub."""
    return config.data / "keys" / "journal_ed25519"


def load_hub_key(config: Config) -> HubKey:
    """The hub's key, made where there is none. Raises ValueError for a file that is no such key."""
    return _load(key_file(config).absolute())


@cache
def _load(path: Path) -> HubKey:
    private = load_ssh_private_key(load_key(path, _generate), password=None)
    if not isinstance(private, Ed25519PrivateKey):
        raise ValueError(f"{path} holds no Ed25519 key")
    public = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return HubKey(hub_id_of(public), fingerprint_of(wire_form(public)), public)


def _generate() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())


def wire_form(public: str) -> bytes:
    """The bytes in a public key's line; raises ValueError for what is none."""
    kind, encoded = public.split(" ")
    blob = base64.b64decode(encoded, validate=True)
    # RFC 4251, 5: a string is its length in four bytes, then its bytes. The first names the kind.
    if blob[4 : 4 + int.from_bytes(blob[:4])] != kind.encode():
        raise ValueError("the line of a public key names another kind than its bytes")
    return blob


def hub_id_of(public: str) -> str:
    """What a hub whose first key this is is called for ever."""
    return hashlib.sha256(wire_form(public)).hexdigest()
