"""Looks for words in every file of a folder: as they stand, compressed, and in every object of git's."""

import subprocess
import zlib
from pathlib import Path


def find_words(folder: Path, words: bytes) -> list[str]:
    """The names of all files below the folder, and of the repositories there, that hold the words."""
    found = []
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        data = path.read_bytes()
        if words in data or words in _inflated(data):
            found.append(str(path.relative_to(folder)))
    for head in sorted(folder.rglob("HEAD")):
        if (head.parent / "objects").is_dir() and words in objects_of(head.parent):
            found.append(f"an object in {head.parent.relative_to(folder)}")
    return found


def objects_of(directory: Path) -> bytes:
    """All objects of a repository, reached or not, one after another."""
    command = ("git", "-C", str(directory), "cat-file", "--batch-all-objects", "--batch", "--unordered")
    return subprocess.run(command, capture_output=True, check=True).stdout


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompress(data)
    except zlib.error:
        return b""
