"""The hub's own key, as a file that ssh-keygen reads."""

import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

from hub.config import from_values
from hub.journal.hub_key import hub_id_of, key_file, load_hub_key

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
