"""Signatures by each kind of key that OpenSSH has, made and judged by OpenSSH itself."""

import base64
import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.signing import BEGIN, END, ENTRY, RECEIPT, BadSignature, fingerprint_of, sign, signer_of, verify
from hub.ssh_signatures import string

MESSAGE = b'{"kind":"comment"}'
KINDS = {
    "ed25519": ("-t", "ed25519"),
    "rsa": ("-t", "rsa", "-b", "2048"),
    "p256": ("-t", "ecdsa", "-b", "256"),
    "p384": ("-t", "ecdsa", "-b", "384"),
    "p521": ("-t", "ecdsa", "-b", "521"),
}
APPLICATION = b"ssh:"
PRESENT = b"\x01\0\0\0\x07"


def ssh_keygen(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["ssh-keygen", *arguments], input=stdin, capture_output=True, check=False)


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("keys")

    def get(name: str) -> Path:
        path = folder / name
        if not path.exists():
            ssh_keygen("-q", *KINDS[name], "-N", "", "-C", "", "-f", str(path)).check_returncode()
        return path

    return get


def made(key: Path, namespace: str, message: bytes, *options: str) -> bytes:
    done = ssh_keygen("-Y", "sign", "-q", "-f", str(key), "-n", namespace, *options, stdin=message)
    return done.stdout


def wire_form(key: Path) -> bytes:
    return base64.b64decode(key.with_suffix(".pub").read_text().split()[1])


def accepted(tmp_path: Path, blob: bytes, armored: bytes) -> bool:
    kind = blob[4 : 4 + int.from_bytes(blob[:4])].decode()
    (tmp_path / "signers").write_text(f"anna {kind} {base64.b64encode(blob).decode()}\n")
    (tmp_path / "signature").write_bytes(armored)
    files = ("-f", str(tmp_path / "signers"), "-s", str(tmp_path / "signature"))
    return ssh_keygen("-Y", "verify", *files, "-I", "anna", "-n", ENTRY, stdin=MESSAGE).returncode == 0


def framed(blob: bytes, value: bytes, hash_name: bytes = b"sha512", behind: bytes = b"") -> bytes:
    parts = (blob, ENTRY.encode(), b"", hash_name, value)
    raw = b"SSHSIG\0\0\0\x01" + b"".join(string(one) for one in parts) + behind
    encoded = base64.b64encode(raw)
    return BEGIN + b"".join(encoded[at : at + 70] + b"\n" for at in range(0, len(encoded), 70)) + END


def signed(hash_name: str = "sha512") -> bytes:
    digest = hashlib.new(hash_name, MESSAGE).digest()
    return b"SSHSIG" + b"".join(string(one) for one in (ENTRY.encode(), b"", hash_name.encode(), digest))


def mpint(number: int) -> bytes:
    return string(number.to_bytes(number.bit_length() // 8 + 1))


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("hash_name", ["sha256", "sha512"])
def test_what_ssh_keygen_signs_is_verified(keys: Callable[[str], Path], name: str, hash_name: str) -> None:
    armored = made(keys(name), ENTRY, MESSAGE, "-O", f"hashalg={hash_name}")
    assert verify(armored, ENTRY, MESSAGE) == fingerprint_of(wire_form(keys(name))) == signer_of(armored)


@pytest.mark.parametrize("name", KINDS)
def test_other_texts_purposes_and_bytes_are_refused(keys: Callable[[str], Path], name: str) -> None:
    armored = made(keys(name), ENTRY, MESSAGE)
    for namespace, message in ((RECEIPT, MESSAGE), (ENTRY, MESSAGE + b"!"), ("git", MESSAGE), (ENTRY, b"")):
        with pytest.raises(BadSignature):
            verify(armored, namespace, message)
    raw = base64.b64decode(armored[len(BEGIN) : -len(END)])
    for at in range(10, len(raw), 7):
        damaged = base64.encodebytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        with pytest.raises(BadSignature):
            verify(BEGIN + damaged + END, ENTRY, MESSAGE)
    for at in range(0, len(raw), 7):
        with pytest.raises(BadSignature):
            verify(BEGIN + base64.encodebytes(raw[:at]) + END, ENTRY, MESSAGE)


def test_ssh_keygen_verifies_what_we_sign(tmp_path: Path) -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    armored = sign(private, ENTRY, MESSAGE)
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert accepted(tmp_path, string(b"ssh-ed25519") + string(raw), armored)


def _sk_ed25519() -> tuple[bytes, bytes]:
    private = ed25519.Ed25519PrivateKey.generate()
    kind = b"sk-ssh-ed25519@openssh.com"
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    made = private.sign(_by_device())
    return string(kind) + string(raw) + string(APPLICATION), string(kind) + string(made) + PRESENT


def _sk_ecdsa() -> tuple[bytes, bytes]:
    private = ec.generate_private_key(ec.SECP256R1())
    kind = b"sk-ecdsa-sha2-nistp256@openssh.com"
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    r, s = decode_dss_signature(private.sign(_by_device(), ec.ECDSA(SHA256())))
    blob = string(kind) + string(b"nistp256") + string(point) + string(APPLICATION)
    return blob, string(kind) + string(mpint(r) + mpint(s)) + PRESENT


def _by_device() -> bytes:
    return hashlib.sha256(APPLICATION).digest() + PRESENT + hashlib.sha256(signed()).digest()


@pytest.mark.parametrize("make", [_sk_ed25519, _sk_ecdsa])
def test_signatures_of_security_keys_are_verified(
    make: Callable[[], tuple[bytes, bytes]], tmp_path: Path
) -> None:
    blob, value = make()
    armored = framed(blob, value)
    assert accepted(tmp_path, blob, armored)
    assert verify(armored, ENTRY, MESSAGE) == fingerprint_of(blob)
    other_application = blob[:-4] + b"ssh!"
    counted_again = value[:-1] + b"\x08"
    for forged in (
        framed(other_application, value),
        framed(blob, counted_again),
        framed(blob, value + b"\0"),
    ):
        assert not accepted(tmp_path, blob, forged)
        with pytest.raises(BadSignature):
            verify(forged, ENTRY, MESSAGE)


def _rsa(bits: int) -> tuple[rsa.RSAPrivateKey, bytes]:
    private = rsa.generate_private_key(65537, bits)
    numbers = private.public_key().public_numbers()
    return private, string(b"ssh-rsa") + mpint(numbers.e) + mpint(numbers.n)


def test_rsa_with_sha1_and_with_few_bits_is_refused() -> None:
    private, blob = _rsa(2048)
    with_sha1 = string(b"ssh-rsa") + string(private.sign(signed(), PKCS1v15(), SHA1()))
    with pytest.raises(BadSignature, match="kind ssh-rsa"):
        verify(framed(blob, with_sha1), ENTRY, MESSAGE)
    weak, weak_blob = _rsa(1024)
    value = string(b"rsa-sha2-512") + string(weak.sign(signed(), PKCS1v15(), SHA512()))
    with pytest.raises(BadSignature, match="1024 bits"):
        verify(framed(weak_blob, value), ENTRY, MESSAGE)


ED25519 = ed25519.Ed25519PrivateKey.generate()
BLOB = string(b"ssh-ed25519") + string(ED25519.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
VALUE = string(b"ssh-ed25519") + string(ED25519.sign(signed()))
REFUSED = {
    "something behind the frame": framed(BLOB, VALUE, behind=b"\0"),
    "something behind the signature": framed(BLOB, VALUE + b"\0"),
    "something behind the key": framed(BLOB + b"\0", VALUE),
    "a hash that is not taken": framed(BLOB, VALUE, b"sha1"),
    "another kind in the signature": framed(BLOB, string(b"rsa-sha2-512") + VALUE[15:]),
    "a key of no kind": framed(string(b"ssh-dss"), VALUE),
    "a key that is none": framed(string(b"ssh-ed25519") + string(b"x"), VALUE),
    "no key": framed(b"", VALUE),
    "no base64": BEGIN + b"????\n" + END,
    "nothing": BEGIN + END,
    "no frame": framed(BLOB, VALUE)[1:],
    "a key cut off": framed(string(b"ecdsa-sha2-nistp256"), string(b"ecdsa-sha2-nistp256") + string(b"")),
}


@pytest.mark.parametrize("armored", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_signature_is_refused(armored: bytes) -> None:
    assert verify(framed(BLOB, VALUE), ENTRY, MESSAGE) == fingerprint_of(BLOB)
    with pytest.raises(BadSignature):
        verify(armored, ENTRY, MESSAGE)
