"""Keys of the hub itself: files in its data folder, made where they are missing, for its user alone."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def _random() -> bytes:
    return secrets.token_bytes(32)


def load_key(path: Path, make: Callable[[], bytes] = _random) -> bytes:
    """The key in that file; made, readable by its owner alone, where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(make())
        file.flush()
        os.fsync(file.fileno())
    try:
        # Unlike a rename this fails where another process was quicker, and then its key counts.
        os.link(written, path)
    except FileExistsError:
        pass
    finally:
        written.unlink()
    return path.read_bytes()
