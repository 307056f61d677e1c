"""Which SSH keys sign at a terminal, of every kind that ssh-keygen makes."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub import signing
from hub.errors import Conflict, Invalid
from hub.repos.git.own_clone import OwnClone
from hub.reviews.terminal.own_keys import OwnKeys, own_keys
from tests.git_client import GitClient

REMOTE = "git@hub.example.org:anna/demo.git"


@pytest.fixture
def git(tmp_path: Path) -> GitClient:
    made = GitClient(tmp_path / "anna")
    made.init()
    return made


@pytest.fixture
def keys(git: GitClient) -> Iterator[OwnKeys]:
    with own_keys(OwnClone(git.folder / "work", git.environment)) as found:
        yield found


def make(file: Path, kind: str = "ed25519", phrase: str = "") -> Path:
    command = ("ssh-keygen", "-q", "-t", kind, "-N", phrase, "-C", "", "-f", str(file))
    subprocess.run(command, check=True)
    return file


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_keys_of_every_kind_sign(keys: OwnKeys, tmp_path: Path, kind: str) -> None:
    key = keys.named(make(tmp_path / "key", kind))
    assert signing.verify(keys.sign(key, b"entry"), signing.ENTRY, b"entry") == key.fingerprint


def test_a_key_without_its_public_half_beside_it_is_known(keys: OwnKeys, tmp_path: Path) -> None:
    file = make(tmp_path / "key")
    named = keys.named(file)
    file.with_name("key.pub").unlink()
    assert keys.named(file) == named


def test_the_key_that_git_signs_with_comes_first(git: GitClient, keys: OwnKeys, tmp_path: Path) -> None:
    one, other = make(tmp_path / "one"), make(tmp_path / "other")
    git.use_key(one)
    with own_keys(OwnClone(git.folder / "work", git.environment)) as found:
        assert [key.file for key in found.list_keys(REMOTE)] == [one]
        git.run("config", "user.signingkey", str(other), cwd=git.folder / "work")
        assert [key.file for key in found.list_keys(REMOTE)] == [one], "a key of GnuPG's"
        git.run("config", "gpg.format", "ssh", cwd=git.folder / "work")
        assert [key.file for key in found.list_keys(REMOTE)] == [other, one]
        line = other.with_name("other.pub").read_text()
        git.run("config", "user.signingkey", f"key::{line}", cwd=git.folder / "work")
        assert found.list_keys(REMOTE)[0].fingerprint == found.named(other).fingerprint


def test_what_is_no_key_is_refused(keys: OwnKeys, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("something else")
    for name in ("key", "missing"):
        with pytest.raises(Invalid, match="There is no SSH key in"):
            keys.named(tmp_path / name)


def test_a_key_that_nobody_can_use_says_what_ssh_keygen_says(keys: OwnKeys, tmp_path: Path) -> None:
    public = make(tmp_path / "key").with_name("key.pub")
    (tmp_path / "key").unlink()
    with pytest.raises(Conflict, match="did not sign"):
        keys.sign(keys.named(public), b"entry")


def test_two_halves_of_different_keys_are_noticed(keys: OwnKeys, tmp_path: Path) -> None:
    one, other = make(tmp_path / "one"), make(tmp_path / "other")
    one.with_name("one.pub").write_text(other.with_name("other.pub").read_text())
    with pytest.raises(Conflict, match="did not sign"):
        keys.sign(keys.named(one), b"entry")
