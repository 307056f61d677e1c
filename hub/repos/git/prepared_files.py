"""The files of one repository that pages of reading read and the worker writes; each may be lost at any time.

They lie in one folder, appear at once, and go with the repository.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import IO, Any, Final

_TEMPORARY: Final = "new-"


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of the one at `path` when the block has ended well."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = path.with_name(f"{_TEMPORARY}{token_hex(8)}")
    try:
        with made.open("wb") as file:
            yield file
        made.rename(path)
    finally:
        made.unlink(missing_ok=True)


def write_json(path: Path, value: object) -> None:
    """Keeps a value of lists, dictionaries, texts and numbers."""
    with replacing(path) as file:
        file.write(json.dumps(value).encode())


def read_json(path: Path) -> Any:  # what was written, or whatever a damaged disk made of it
    """The value that was kept, or None."""
    try:
        return json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def remove_old(folder: Path, prefix: str, *, most: int) -> None:
    """Removes the files with that prefix but for the newest."""
    found = []
    for path in folder.glob(f"{prefix}*"):
        with suppress(FileNotFoundError):
            found.append((path.stat().st_mtime_ns, path))
    for _, path in sorted(found, reverse=True)[most:]:
        path.unlink(missing_ok=True)


def remove_abandoned(folder: Path) -> None:
    """Removes what processes that died were writing; for who holds the lock of all writers of long files."""
    remove_old(folder, _TEMPORARY, most=0)
