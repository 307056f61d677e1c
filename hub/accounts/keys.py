"""Public SSH keys as people paste them: parsed, judged, and given their fingerprint. Pure."""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from hub.errors import Invalid, Text, text
from hub.signing import fingerprint_of as fingerprint_of

MIN_RSA_BITS: Final = 2048
MAX_RSA_BITS: Final = 16384
MAX_LENGTH: Final = 16_384
MAX_TITLE: Final = 100

KINDS: Final = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)

_KIND: Final = re.compile(r"(?:sk-)?(?:ssh|ecdsa|rsa)-[\w@.-]+")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]+=*")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One public key; `line` is what authorized_keys would hold, without the comment."""

    kind: str
    line: str
    fingerprint: str
    comment: str


def parse(pasted: str) -> PublicKey:
    """The key in what was pasted; raises Invalid that says what was pasted instead."""
    cleaned = pasted.strip()
    fault = _find_fault(cleaned)
    if fault is not None:
        raise _refused(fault)
    kind, encoded, *rest = cleaned.split(None, 2)
    try:
        blob = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise _refused(_INCOMPLETE) from None
    _check_strength(kind, encoded)
    line = f"{kind} {base64.b64encode(blob).decode()}"
    return PublicKey(kind, line, fingerprint_of(blob), rest[0].strip() if rest else "")


def clean_title(title: str, key: PublicKey) -> str:
    """What the key is called in lists: the title, else the key's own comment, else how it begins."""
    printable = "".join(one for one in (title or key.comment) if one.isprintable())
    return printable.strip()[:MAX_TITLE] or key.fingerprint[:17]


_INCOMPLETE: Final = text(
    "The key is not complete: a part of it is missing or changed. "
    "Copy the whole line of the file that ends in .pub."
)


def _refused(fault: Text) -> Invalid:
    return Invalid(text("This key cannot be added."), {"key": fault})


def _find_fault(pasted: str) -> Text | None:
    if not pasted:
        return text("Paste a public key: the one line of the file that ends in .pub.")
    if "PRIVATE KEY" in pasted or pasted.startswith("PuTTY-User-Key-File"):
        return text(
            "This is a private key. It was not stored, but it has left your machine: make a new pair, "
            "and paste the file that ends in .pub."
        )
    if len(pasted) > MAX_LENGTH:
        return text("This is too long for a public key. Paste the one line of the file that ends in .pub.")
    if pasted.startswith(("---- BEGIN SSH2", "-----BEGIN")):
        return text(
            "This is a public key in another form. `ssh-keygen -i -f FILE` prints it as the one line "
            "that is wanted here."
        )
    return _find_fault_of_lines(pasted) or _find_fault_of_kind(pasted)


def _find_fault_of_lines(pasted: str) -> Text | None:
    lines = [line for line in pasted.splitlines() if line.strip()]
    if len(lines) == 1:
        return None
    if all(_KIND.match(line.strip()) for line in lines):
        return text("These are %(count)s keys. Add them one by one.", count=len(lines))
    return text("There is a line break inside the key. Paste it as one line, as it stands in its file.")


def _find_fault_of_kind(pasted: str) -> Text | None:
    kind, _, rest = pasted.partition(" ")
    if kind in KINDS:
        encoded = rest.split(None, 1)[:1]
        return None if encoded and _BASE64.fullmatch(encoded[0]) else _INCOMPLETE
    if "-cert-v01@" in kind:
        return text("This is a certificate. Paste the public key that it certifies.")
    if kind == "ssh-dss":
        return text("DSA keys are no longer safe. Make a new one with `ssh-keygen -t ed25519`.")
    if _KIND.fullmatch(kind):
        return text(
            "Keys of the kind %(kind)s are not taken. Make one with `ssh-keygen -t ed25519`.", kind=kind
        )
    if any(known in pasted for known in KINDS):
        return text("There is something in front of the key. Paste the line from “ssh-” or “ecdsa-” on.")
    return text(
        "This is not a public key. It is one line that begins like “ssh-ed25519 AAAA”, "
        "in the file that ends in .pub."
    )


def _check_strength(kind: str, encoded: str) -> None:
    try:
        key = load_ssh_public_key(f"{kind} {encoded}".encode())
    except (ValueError, UnsupportedAlgorithm):
        raise _refused(_INCOMPLETE) from None
    if isinstance(key, RSAPublicKey) and key.key_size < MIN_RSA_BITS:
        raise _refused(
            text(
                "This RSA key has %(bits)s bits; at least %(least)s are needed. "
                "Make a new one with `ssh-keygen -t ed25519`.",
                bits=key.key_size,
                least=MIN_RSA_BITS,
            )
        )
    if isinstance(key, RSAPublicKey) and key.key_size > MAX_RSA_BITS:
        raise _refused(text("This RSA key is larger than %(most)s bits.", most=MAX_RSA_BITS))
