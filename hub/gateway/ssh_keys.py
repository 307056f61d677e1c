"""The keys by which SSH clients know this hub: made once, kept in the data folder."""

import os
from pathlib import Path
from typing import Final

import asyncssh

from hub.config import Config

# The first is what today's clients choose; the second is for those that know no ed25519.
_KINDS: Final = (("ssh_host_ed25519", "ssh-ed25519"), ("ssh_host_ecdsa", "ecdsa-sha2-nistp256"))


def load_host_keys(config: Config) -> list[asyncssh.SSHKey]:
    """The host keys, made where they are missing."""
    folder = config.data / "keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return [_load(folder / name, kind) for name, kind in _KINDS]


def _load(path: Path, kind: str) -> asyncssh.SSHKey:
    if not path.exists():
        key = asyncssh.generate_private_key(kind, comment="hub")
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(key.export_private_key())
            file.flush()
            os.fsync(file.fileno())
        try:
            # Of two processes that start at once, the first one's key stays.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        path.with_name(f"{path.name}.pub").write_bytes(key.export_public_key())
    return asyncssh.read_private_key(path)
