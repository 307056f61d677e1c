"""What a signature by an SSH key is: each kind of key that OpenSSH signs with, and how it is verified. Pure.

The frame around it, which says what was signed and for which purpose, is in `hub.signing`.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

MIN_RSA_BITS: Final = 2048
MAX_KEY_BYTES: Final = 16_384

_KNOWN_KEYS: Final = 1024
# RFC 5656, 6.2.1: the size of the curve chooses the hash.
_HASHES: Final[Mapping[bytes, HashAlgorithm]] = {
    b"ecdsa-sha2-nistp256": SHA256(),
    b"ecdsa-sha2-nistp384": SHA384(),
    b"ecdsa-sha2-nistp521": SHA512(),
}
# RFC 8332. `ssh-rsa`, which is RSA with SHA-1, is missing on purpose.
_RSA_HASHES: Final = {b"rsa-sha2-256": SHA256(), b"rsa-sha2-512": SHA512()}
# The flags of a security key and its counter, behind the signature itself.
_FLAG_BYTES: Final = 5

SomeKey = Ed25519PublicKey | RSAPublicKey | EllipticCurvePublicKey


class BadSignature(ValueError):
    """A signature that is none, is of another key or another text, or of a kind that is not taken."""


def string(data: bytes) -> bytes:
    """The bytes as RFC 4251 writes a string: their length in four bytes, then they."""
    return len(data).to_bytes(4) + data


def read_string(data: bytes, position: int) -> tuple[bytes, int]:
    """The string that begins there, and where it ends; raises BadSignature where the bytes are too few."""
    begin = position + 4
    end = begin + int.from_bytes(data[position:begin])
    if begin > len(data) or end > len(data):
        raise BadSignature("it is cut off")
    return data[begin:end], end


def read_strings(data: bytes, count: int) -> list[bytes]:
    """Exactly that many strings; raises BadSignature where there are fewer, or anything behind them."""
    found, position = [], 0
    for _ in range(count):
        one, position = read_string(data, position)
        found.append(one)
    if position != len(data):
        raise BadSignature("there is something behind its end")
    return found


def check(blob: bytes, signature: bytes, signed: bytes) -> None:
    """Raises BadSignature unless the key, in its wire form, made the signature of `signed`."""
    kind = read_string(blob, 0)[0]
    verify = _VERIFY.get(kind)
    if verify is None:
        raise BadSignature(f"keys of the kind {_shown(kind)} are not taken")
    verify(blob, signature, signed)


def is_key(blob: bytes) -> bool:
    """Whether it is the wire form of a key that may sign."""
    try:
        kind = read_string(blob, 0)[0]
        _load(blob)
    except BadSignature:
        return False
    return kind in _VERIFY


@lru_cache(_KNOWN_KEYS)
def _load(blob: bytes) -> SomeKey:
    if len(blob) > MAX_KEY_BYTES:
        raise BadSignature("the key is too large")
    line = read_string(blob, 0)[0] + b" " + base64.b64encode(blob)
    try:
        key = load_ssh_public_key(line)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadSignature("the key is none") from error
    if not isinstance(key, SomeKey):
        raise BadSignature("the key is of a kind that is not taken")
    if isinstance(key, RSAPublicKey) and key.key_size < MIN_RSA_BITS:
        raise BadSignature(f"an RSA key of {key.key_size} bits is too weak")
    return key


def _verify_ed25519(blob: bytes, signature: bytes, signed: bytes) -> None:
    algorithm, value = read_strings(signature, 2)
    _require(algorithm, b"ssh-ed25519")
    _check_ed25519(_load(blob), value, signed)


def _verify_rsa(blob: bytes, signature: bytes, signed: bytes) -> None:
    algorithm, value = read_strings(signature, 2)
    chosen, key = _RSA_HASHES.get(algorithm), _load(blob)
    if chosen is None:
        raise BadSignature(f"signatures of the kind {_shown(algorithm)} are not taken")
    assert isinstance(key, RSAPublicKey)
    try:
        # RFC 8017, 8.2.2 wants as many bytes as the modulus has; OpenSSH fills up what is shorter.
        key.verify(value.rjust(-(-key.key_size // 8), b"\0"), signed, PKCS1v15(), chosen)
    except InvalidSignature as error:
        raise BadSignature("it is of another text or another key") from error


def _verify_ecdsa(blob: bytes, signature: bytes, signed: bytes) -> None:
    algorithm, value = read_strings(signature, 2)
    _require(algorithm, read_string(blob, 0)[0])
    _check_ecdsa(_load(blob), value, signed, _HASHES[algorithm])


def _verify_sk_ed25519(blob: bytes, signature: bytes, signed: bytes) -> None:
    kind, _, application = read_strings(blob, 3)
    value, flags = _read_sk_signature(kind, signature)
    _check_ed25519(_load(blob), value, _signed_by_device(application, flags, signed))


def _verify_sk_ecdsa(blob: bytes, signature: bytes, signed: bytes) -> None:
    kind, _, _, application = read_strings(blob, 4)
    value, flags = _read_sk_signature(kind, signature)
    _check_ecdsa(_load(blob), value, _signed_by_device(application, flags, signed), SHA256())


def _read_sk_signature(kind: bytes, signature: bytes) -> tuple[bytes, bytes]:
    algorithm, position = read_string(signature, 0)
    _require(algorithm, kind)
    value, position = read_string(signature, position)
    if len(signature) != position + _FLAG_BYTES:
        raise BadSignature("there is something behind its end")
    return value, signature[position:]


def _signed_by_device(application: bytes, flags: bytes, signed: bytes) -> bytes:
    # OpenSSH, PROTOCOL.u2f: what the device signs is made of the two hashes, its flags and its counter.
    return hashlib.sha256(application).digest() + flags + hashlib.sha256(signed).digest()


def _check_ed25519(key: SomeKey, value: bytes, signed: bytes) -> None:
    assert isinstance(key, Ed25519PublicKey)
    try:
        key.verify(value, signed)
    except InvalidSignature as error:
        raise BadSignature("it is of another text or another key") from error


def _check_ecdsa(key: SomeKey, value: bytes, signed: bytes, chosen: HashAlgorithm) -> None:
    assert isinstance(key, EllipticCurvePublicKey)
    r, s = (int.from_bytes(one, signed=True) for one in read_strings(value, 2))
    if r <= 0 or s <= 0:
        raise BadSignature("its numbers are none")
    try:
        key.verify(encode_dss_signature(r, s), signed, ECDSA(chosen))
    except InvalidSignature as error:
        raise BadSignature("it is of another text or another key") from error


def _require(algorithm: bytes, wanted: bytes) -> None:
    if algorithm != wanted:
        raise BadSignature(f"it is of the kind {_shown(algorithm)}, its key of the kind {_shown(wanted)}")


def _shown(name: bytes) -> str:
    return name[:40].decode("ascii", "backslashreplace")


_Verify = Callable[[bytes, bytes, bytes], None]
_VERIFY: Final[Mapping[bytes, _Verify]] = {
    b"ssh-ed25519": _verify_ed25519,
    b"ssh-rsa": _verify_rsa,
    **dict.fromkeys(_HASHES, _verify_ecdsa),
    b"sk-ssh-ed25519@openssh.com": _verify_sk_ed25519,
    b"sk-ecdsa-sha2-nistp256@openssh.com": _verify_sk_ecdsa,
}
