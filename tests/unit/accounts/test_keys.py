"""Public keys as people paste them."""

import subprocess
from pathlib import Path

import pytest

from hub.accounts import keys
from hub.errors import Invalid

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
ED25519_FINGERPRINT = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"
SK_ED25519 = (
    "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9ok"
    "Wi0dh2l9GKJlAAAABHNzaDo="
)


def generate(folder: Path, *options: str) -> str:
    """The public line of a key that the installed ssh-keygen made."""
    path = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-N", "", "-C", "anna@laptop", "-f", path, *options], check=True)
    return path.with_suffix(".pub").read_text()


def fault_of(pasted: str) -> str:
    with pytest.raises(Invalid) as refused:
        keys.parse(pasted)
    return str(refused.value.fields["key"])


@pytest.mark.parametrize(
    "options",
    [
        ("-t", "ed25519"),
        ("-t", "rsa", "-b", "2048"),
        ("-t", "ecdsa", "-b", "256"),
        ("-t", "ecdsa", "-b", "384"),
        ("-t", "ecdsa", "-b", "521"),
    ],
    ids=" ".join,
)
def test_key_has_the_fingerprint_that_ssh_keygen_prints(tmp_path: Path, options: tuple[str, ...]) -> None:
    line = generate(tmp_path, *options)
    printed = subprocess.run(
        ["ssh-keygen", "-lf", tmp_path / "key.pub"], check=True, capture_output=True, text=True
    ).stdout.split()
    parsed = keys.parse(line)
    assert parsed.fingerprint == printed[1]
    assert parsed.comment == "anna@laptop"
    assert f"{parsed.line} anna@laptop\n" == line


def test_key_of_a_security_key_is_taken() -> None:
    parsed = keys.parse(SK_ED25519 + " token")
    assert (parsed.kind, parsed.comment) == ("sk-ssh-ed25519@openssh.com", "token")


@pytest.mark.parametrize(
    "pasted", [ED25519, f"\n  {ED25519} \n", f"{ED25519} a comment of words\n", f"{ED25519}\r\n"]
)
def test_key_is_found_in_what_was_pasted(pasted: str) -> None:
    parsed = keys.parse(pasted)
    assert (parsed.line, parsed.fingerprint) == (ED25519, ED25519_FINGERPRINT)


@pytest.mark.parametrize(
    ("pasted", "fault"),
    [
        ("", "Paste a public key"),
        ("hello", "This is not a public key"),
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----",
            "This is a private key",
        ),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "This is a private key"),
        ("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none", "This is a private key"),
        ('---- BEGIN SSH2 PUBLIC KEY ----\nComment: "x"\nAAAA', "This is a public key in another form"),
        (
            "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----",
            "This is a public key in another form",
        ),
        (ED25519[:40] + "\n" + ED25519[40:], "There is a line break inside the key"),
        (ED25519 + "\n" + ED25519, "These are 2 keys"),
        (ED25519[:-8], "The key is not complete"),
        ("ssh-ed25519", "The key is not complete"),
        ("ssh-ed25519 ***", "The key is not complete"),
        (ED25519.replace("ssh-ed25519", "ssh-rsa"), "The key is not complete"),
        (f'command="ls" {ED25519}', "There is something in front of the key"),
        ("ssh-dss AAAAB3NzaC1kc3MAAACBAP", "DSA keys are no longer safe"),
        ("ssh-rsa-cert-v01@openssh.com AAAA", "This is a certificate"),
        ("ssh-xmss@openssh.com AAAA", "Keys of the kind ssh-xmss@openssh.com are not taken"),
        ("ssh-ed25519 " + "A" * 20000, "This is too long for a public key"),
    ],
)
def test_refusal_says_what_was_pasted_instead(pasted: str, fault: str) -> None:
    assert fault_of(pasted).startswith(fault)


def test_short_rsa_key_is_refused_with_its_length(tmp_path: Path) -> None:
    line = generate(tmp_path, "-t", "rsa", "-b", "1024")
    assert fault_of(line).startswith("This RSA key has 1024 bits; at least 2048 are needed.")
