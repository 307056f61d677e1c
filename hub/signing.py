"""Signatures as OpenSSH makes them (PROTOCOL.sshsig): what `ssh-keygen -Y sign` writes and `-Y verify` reads.

A signature is made for one namespace, so that what was signed for one purpose is worth nothing for another.
"""

import base64
import hashlib
import re
import struct
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub import ssh_signatures
from hub.ssh_signatures import BadSignature as BadSignature
from hub.ssh_signatures import read_strings, string

ENTRY: Final = "hub-entry@v1"
RECEIPT: Final = "hub-receipt@v1"

BEGIN: Final = b"-----BEGIN SSH SIGNATURE-----\n"
END: Final = b"-----END SSH SIGNATURE-----\n"

_MAGIC: Final = b"SSHSIG"
_VERSION: Final = 1
_LINE: Final = 70
_HASHES: Final = ("sha256", "sha512")
_ED25519: Final = b"ssh-ed25519"
_ARMOR: Final = re.compile(rb"(?:[A-Za-z0-9+/=]{1,76}\n)+")


def sign(private: Ed25519PrivateKey, namespace: str, message: bytes) -> bytes:
    """The armored signature of the message; the same key, namespace and message give the same bytes."""
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    key = string(_ED25519) + string(raw)
    made = private.sign(_signed(namespace, "sha512", message))
    parts = [key, namespace.encode(), b"", b"sha512", string(_ED25519) + string(made)]
    blob = _MAGIC + struct.pack(">I", _VERSION) + b"".join(string(one) for one in parts)
    encoded = base64.b64encode(blob)
    lines = [encoded[begin : begin + _LINE] + b"\n" for begin in range(0, len(encoded), _LINE)]
    return BEGIN + b"".join(lines) + END


def verify(armored: bytes, namespace: str, message: bytes) -> str:
    """The fingerprint of the key that signed the message for this namespace; raises BadSignature."""
    found = _parse(armored)
    if found.namespace != namespace.encode():
        raise BadSignature(f"made for {found.namespace.decode(errors='replace')!r}, not for {namespace!r}")
    ssh_signatures.check(found.key, found.value, _signed(namespace, found.hash_name, message))
    return fingerprint_of(found.key)


def signer_of(armored: bytes) -> str:
    """The fingerprint of the key that the signature names, without looking whether it holds."""
    return fingerprint_of(_parse(armored).key)


def fingerprint_of(wire_form: bytes) -> str:
    """The fingerprint as OpenSSH prints it: `SHA256:` and unpadded base64 of the key's wire form."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(wire_form).digest()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class _Parsed:
    key: bytes
    namespace: bytes
    hash_name: str
    value: bytes


def _parse(armored: bytes) -> _Parsed:
    inside = armored[len(BEGIN) : -len(END)]
    is_framed = armored.startswith(BEGIN) and armored.endswith(END)
    if not is_framed or not _ARMOR.fullmatch(inside):
        raise BadSignature("not the form of a signature")
    try:
        blob = base64.b64decode(inside.replace(b"\n", b""), validate=True)
    except ValueError as error:
        raise BadSignature("not the form of a signature") from error
    if blob[:10] != _MAGIC + struct.pack(">I", _VERSION):
        raise BadSignature("not the form of a signature")
    key, namespace, _, hash_name, value = read_strings(blob[10:], 5)
    if hash_name.decode("ascii", "replace") not in _HASHES:
        raise BadSignature("not the form of a signature")
    return _Parsed(key, namespace, hash_name.decode(), value)


def _signed(namespace: str, hash_name: str, message: bytes) -> bytes:
    digest = hashlib.new(hash_name, message).digest()
    return _MAGIC + b"".join(string(one) for one in (namespace.encode(), b"", hash_name.encode(), digest))
