"""The hub's own key, as a file that ssh-keygen reads."""

import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

from hub import signing
from hub.config import from_values
from hub.journal.format import codec
from hub.journal.keys.hub_key import (
    chain_file,
    hub_id_of,
    key_file,
    load_hub_key,
    load_next_key,
    next_file,
    switch_to,
    tidy,
)
from hub.journal.keys.public_keys import NEXT_KEY, about_next, as_line, follow

PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    config = from_values({"data": str(tmp_path)})
    with ThreadPoolExecutor(8) as pool:
        [key] = set(pool.map(load_hub_key, [config] * 16))
    path = key_file(config)
    assert [one.name for one in path.parent.iterdir()] == ["journal_ed25519"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    private = load_ssh_private_key(path.read_bytes(), password=None)
    assert isinstance(private, Ed25519PrivateKey)
    public = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    assert (key.public, key.hub_id) == (public, hub_id_of(public))


def test_ssh_keygen_reads_it_and_prints_the_same_fingerprint(tmp_path: Path) -> None:
    config = from_values({"data": str(tmp_path)})
    key = load_hub_key(config)
    command = ("ssh-keygen", "-l", "-f", str(key_file(config)))
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.split()[1] == key.fingerprint


def test_a_hub_is_named_by_the_wire_form_of_its_key_for_ever() -> None:
    assert hub_id_of(PUBLIC) == "4579bfaee674793cd15cac22d404040f29c1d1580743669cf4a3d215d7ff6270"


@pytest.mark.parametrize("public", ["", "ssh-ed25519", PUBLIC + " anna@desk", "ssh-rsa " + PUBLIC[12:]])
def test_what_is_no_line_of_a_key_names_no_hub(public: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        hub_id_of(public)


def test_a_file_that_is_no_such_key_is_refused(tmp_path: Path) -> None:
    config = from_values({"data": str(tmp_path)})
    key_file(config).parent.mkdir()
    key_file(config).write_text("something else")
    with pytest.raises(ValueError, match=r"."):
        load_hub_key(config)


def test_the_key_signs_for_one_purpose(tmp_path: Path) -> None:
    key = load_hub_key(from_values({"data": str(tmp_path)}))
    assert signing.verify(key.sign(signing.RECEIPT, b"text"), signing.RECEIPT, b"text") == key.fingerprint


def test_the_first_key_names_the_hub_whatever_key_it_has(tmp_path: Path) -> None:
    config = from_values({"data": str(tmp_path)})
    keys = [load_hub_key(config)]
    for _ in range(2):
        switch_to(config, load_next_key(config))
        tidy(config)
        keys.append(load_hub_key(config))
    assert len({one.fingerprint for one in keys}) == 3
    assert {one.hub_id for one in keys} == {keys[0].hub_id}
    told = keys[2].introduction()
    assert follow(told["key"], told["then"]) == [one.public for one in keys]
    assert codec.decode(codec.encode(told)) == told
    assert sorted(one.name for one in key_file(config).parent.iterdir()) == [
        "journal_ed25519",
        "journal_keys.json",
    ]


def test_the_next_key_counts_as_soon_as_it_is_named(tmp_path: Path) -> None:
    config = from_values({"data": str(tmp_path)})
    old, coming = load_hub_key(config), load_next_key(config)
    assert load_next_key(config) == coming
    assert load_hub_key(config) == old
    switch_to(config, coming)
    assert load_hub_key(config) == coming
    tidy(config)
    tidy(config)
    assert load_hub_key(config) == coming
    assert coming.sign("x", b"text") == load_hub_key(config).sign("x", b"text")


def test_a_key_that_the_one_before_did_not_sign_is_none_of_the_hub(tmp_path: Path) -> None:
    ours, theirs = (from_values({"data": str(tmp_path / name)}) for name in ("ours", "theirs"))
    told = [load_next_key(one).introduction() for one in (ours, theirs)]
    with pytest.raises(ValueError, match="another text or another key"):
        follow(told[0]["key"], told[1]["then"])
    again = load_hub_key(theirs)
    about = about_next(load_hub_key(ours).hub_id, again.public)
    forged = {"key": again.public, "signature": as_line(again.sign(NEXT_KEY, about))}
    with pytest.raises(ValueError, match="did not sign"):
        follow(told[0]["key"], [forged])


def test_a_chain_whose_last_key_is_missing_is_refused(tmp_path: Path) -> None:
    config = from_values({"data": str(tmp_path)})
    old = load_hub_key(config)
    switch_to(config, load_next_key(config))
    next_file(config).unlink()
    with pytest.raises(ValueError, match="does not hold the key"):
        load_hub_key(config)
    chain_file(config).write_text("[]")
    with pytest.raises(ValueError, match="does not hold the keys"):
        load_hub_key(config)
    chain_file(config).unlink()
    assert load_hub_key(config) == old
