"""The public keys of hubs: how the first names the hub for ever, and how each next one stands on it. Pure."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hub import signing
from hub.journal.format import codec
from hub.signing import fingerprint_of

# What one key of a hub signs about the next.
NEXT_KEY: Final = "hub-key@v1"

_BREAK: Final = 70


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


def about_next(hub_id: str, public: str) -> bytes:
    """What a key of a hub signs to say that this is the next one."""
    return codec.encode({"hub": hub_id, "key": public, "v": codec.VERSION})


def follow(first: str, then: Sequence[Mapping[str, Any]]) -> list[str]:
    """All keys of a hub in their order, where each next one was signed by the one before; raises ValueError.

    `then` are objects with `key`, a line, and `signature`: an SSHSIG as one line, which is how canonical JSON
    can hold it.
    """
    keys, hub_id = [first], hub_id_of(first)
    for one in then:
        signer = signing.verify(from_line(one["signature"]), NEXT_KEY, about_next(hub_id, one["key"]))
        if signer != fingerprint_of(wire_form(keys[-1])):
            raise ValueError("a key that the one before did not sign")
        keys.append(one["key"])
    return keys


def as_line(armored: bytes) -> str:
    """A signature without its frame and breaks."""
    inside = armored.removeprefix(signing.BEGIN).removesuffix(signing.END)
    return inside.replace(b"\n", b"").decode()


def from_line(line: str) -> bytes:
    """The armored signature that `as_line` made this of."""
    encoded = line.encode()
    breaks = range(0, len(encoded), _BREAK)
    return signing.BEGIN + b"".join(encoded[at : at + _BREAK] + b"\n" for at in breaks) + signing.END
