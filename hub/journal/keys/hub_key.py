"""The hub's own key: what names the hub for ever, and answers for the entries that it writes down.

Three files of the data folder. `journal_ed25519` is the key. `journal_keys.json` is there once it was
changed: the first key, which names the hub, and every next one, signed by the one before.
`journal_ed25519.next` is a key that is being introduced. What `journal_keys.json` names last is the key, in
whichever file it lies: so writing this one file changes it.
"""

import json
import os
import secrets
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from hub import signing
from hub.config import Config
from hub.journal.keys.public_keys import NEXT_KEY, about_next, as_line, follow
from hub.journal.keys.public_keys import hub_id_of as hub_id_of
from hub.journal.keys.public_keys import wire_form as wire_form
from hub.secret_keys import load_key
from hub.signing import fingerprint_of

_ATTEMPTS: Final = 3

# What tells one version of the key's files from another.
_Version = tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """The next key of a hub, and the signature by the one before, as one line."""

    key: str
    signature: str


@dataclass(frozen=True, slots=True)
class HubKey:
    """The hub's key as it is now.

    `public` is the line that OpenSSH writes, `hub_id` the SHA-256 of the first key's wire form in hex. `then`
    are the keys that came after the first, this one the last.
    """

    hub_id: str
    fingerprint: str
    public: str
    first: str
    then: tuple[Statement, ...] = ()
    _private: Ed25519PrivateKey | None = field(default=None, repr=False, compare=False)

    @property
    def fingerprints(self) -> frozenset[str]:
        """Those of all keys that the hub ever signed with."""
        lines = [self.first, *(one.key for one in self.then)]
        return frozenset(fingerprint_of(wire_form(one)) for one in lines)

    def sign(self, namespace: str, message: bytes) -> bytes:
        """The armored signature of the message with this key."""
        assert self._private is not None, "a key that was loaded signs"
        return signing.sign(self._private, namespace, message)

    def introduction(self) -> dict[str, Any]:  # the fields of an entry
        """What an entry holds that introduces the hub: its first key, and `then` where it had others."""
        then = [{"key": one.key, "signature": one.signature} for one in self.then]
        return {"key": self.first, "then": then} if then else {"key": self.first}


def key_file(config: Config) -> Path:
    """The file of the key, in OpenSSH's form; a hub that loses it is another hub."""
    return config.data / "keys" / "journal_ed25519"


def chain_file(config: Config) -> Path:
    """The file of the first key and of all that came after it; missing while the first is the only one."""
    return config.data / "keys" / "journal_keys.json"


def next_file(config: Config) -> Path:
    """The file of a key that is being introduced."""
    return config.data / "keys" / "journal_ed25519.next"


def load_hub_key(config: Config) -> HubKey:
    """The hub's key, made where there is none. Raises ValueError for files that hold no such key.

    A process that runs on sees a changed key at once.
    """
    files = _files_of(config)
    for _ in range(_ATTEMPTS):
        version = _version_of(files)
        try:
            return _load(files, version)
        except ValueError:
            if _version_of(files) == version:
                raise
    raise ValueError(f"{files[0]} is changed all the time")


def load_next_key(config: Config) -> HubKey:
    """The key that is being introduced, made where there is none; raises ValueError."""
    now = load_hub_key(config)
    private = _read_private(load_key(next_file(config), _generate), next_file(config))
    public = _public_of(private)
    if public == now.public:
        return now
    signature = as_line(now.sign(NEXT_KEY, about_next(now.hub_id, public)))
    return _made(now.first, (*now.then, Statement(public, signature)), private)


def switch_to(config: Config, key: HubKey) -> None:
    """Makes that key, which `load_next_key` returned, the hub's; from here on every process uses it."""
    then = [{"key": one.key, "signature": one.signature} for one in key.then]
    _replace(chain_file(config), json.dumps({"first": key.first, "then": then}, indent=1).encode() + b"\n")


def tidy(config: Config) -> None:
    """Puts the hub's key where it lies from now on, in place of the one before."""
    if next_file(config).exists() and load_next_key(config).public == load_hub_key(config).public:
        os.replace(next_file(config), key_file(config))
        _sync_folder(key_file(config).parent)


# Each act asks for the key, some of them several times: to put paths together took longer than all the rest.
@lru_cache(256)
def _files_of(config: Config) -> tuple[str, str, str]:
    key, chain, coming = (os.path.abspath(one(config)) for one in (key_file, chain_file, next_file))
    return key, chain, coming


def _version_of(files: tuple[str, str, str]) -> _Version:
    # A key that is being introduced is none yet, whatever becomes of its file.
    return _stamp_of(files[0]), _stamp_of(files[1])


def _stamp_of(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


@lru_cache(256)
def _load(files: tuple[str, str, str], _: _Version) -> HubKey:
    path, chain, coming = map(Path, files)
    try:
        told = json.loads(chain.read_bytes())
    except FileNotFoundError:
        private = _read_private(load_key(path, _generate), path)
        return _made(_public_of(private), (), private)
    first, then = _read_chain(told, chain)
    wanted = then[-1].key if then else first
    for one in (path, coming):
        found = _read_private(one.read_bytes(), one) if one.exists() else None
        if found is not None and _public_of(found) == wanted:
            return _made(first, then, found)
    raise ValueError(f"{path} does not hold the key that {chain} names last")


def _read_chain(
    told: Any,  # whatever the file holds
    path: Path,
) -> tuple[str, tuple[Statement, ...]]:
    try:
        follow(told["first"], told["then"])
        return told["first"], tuple(Statement(one["key"], one["signature"]) for one in told["then"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} does not hold the keys of a hub") from error


def _made(first: str, then: tuple[Statement, ...], private: Ed25519PrivateKey) -> HubKey:
    public = _public_of(private)
    return HubKey(hub_id_of(first), fingerprint_of(wire_form(public)), public, first, then, private)


def _read_private(data: bytes, path: Path) -> Ed25519PrivateKey:
    private = load_ssh_private_key(data, password=None)
    if not isinstance(private, Ed25519PrivateKey):
        raise ValueError(f"{path} holds no Ed25519 key")
    return private


def _public_of(private: Ed25519PrivateKey) -> str:
    return private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def _generate() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())


def _replace(path: Path, data: bytes) -> None:
    written = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(written, path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
