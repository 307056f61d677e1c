"""What was once computed of content that never changes, kept as files until the room is needed.

A key names its content entirely: ids of objects, the options, and the version of whatever computed it. So
nothing here is ever out of date, everything may be lost at any moment, and nothing here decides who may see
it: ask for what a viewer may see only.
"""

import contextlib
import hashlib
import os
import secrets
import time
import zlib
from pathlib import Path
from typing import Final

from hub.config import Config

# Level 1: what is kept is mostly text that is read more often than it is written.
_LEVEL: Final = 1
# Noting that a file was used costs a write; once a day is exact enough to tell what nobody uses.
_NOTE_SECONDS: Final = 86_400
# Names of temporary files begin so; one that is an hour old belongs to a process that died.
_TEMPORARY: Final = "new-"
_ABANDONED_SECONDS: Final = 3600


def kept_in(config: Config) -> "Kept":
    """What this hub keeps."""
    return Kept(config.data / "cache" / "kept")


class Kept:
    """A folder of results by their keys."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, kind: str, *key: str | int | bytes) -> bytes | None:
        """What was kept under this key, or None; what was damaged on disk is not there."""
        path = self._path(kind, key)
        try:
            data = zlib.decompress(path.read_bytes())
        except FileNotFoundError:
            return None
        except zlib.error:
            path.unlink(missing_ok=True)
            return None
        self._note_use(path)
        return data

    def put(self, kind: str, *key: str | int | bytes, data: bytes) -> None:
        """Keeps it, all at once; a disk that is full keeps nothing, and nobody notices."""
        path = self._path(kind, key)
        temporary = path.with_name(f"{_TEMPORARY}{secrets.token_hex(8)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            temporary.write_bytes(zlib.compress(data, _LEVEL))
            temporary.rename(path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)

    def drop(self, kind: str, *key: str | int | bytes) -> None:
        """Forgets what is kept under this key."""
        self._path(kind, key).unlink(missing_ok=True)

    def trim(self, most_bytes: int) -> int:
        """Removes what was used longest ago until no more than this is left; returns the bytes removed."""
        files = sorted(self._files(), key=lambda one: one[1].st_mtime)
        too_many = sum(state.st_size for _, state in files) - most_bytes
        removed = 0
        abandoned_before = time.time() - _ABANDONED_SECONDS
        for path, state in files:
            is_abandoned = path.name.startswith(_TEMPORARY) and state.st_mtime < abandoned_before
            if removed < too_many or is_abandoned:
                path.unlink(missing_ok=True)
                removed += state.st_size
        return removed

    def _files(self) -> list[tuple[Path, os.stat_result]]:
        found = []
        for path in self._folder.glob("*/*/*"):
            with contextlib.suppress(FileNotFoundError):
                found.append((path, path.stat()))
        return found

    def _path(self, kind: str, key: tuple[str | int | bytes, ...]) -> Path:
        digest = hashlib.sha256()
        for part in key:
            data = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogateescape")
            digest.update(b"%d:%b," % (len(data), data))
        name = digest.hexdigest()
        return self._folder / kind / name[:2] / name[2:]

    def _note_use(self, path: Path) -> None:
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _NOTE_SECONDS:
                os.utime(path)
