"""Commits that are written and read byte by byte, each with one flat tree of files: how a journal is kept.

Everything is read with libgit2 from the bytes themselves, whatever a clone holds.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import pygit2
from pygit2.enums import ObjectType

from hub.repos.git.objects import read_links
from hub.repos.git.store import fsync

_MODE: Final = b"100644"
_RAW_ID: Final = 20
_EMPTY_TREE: Final = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_BEGINNING: Final = re.compile(rb"tree [0-9a-f]+\n(?:parent ([0-9a-f]+)\n)?author ")


class Missing(KeyError):
    """An object that is not there, cannot be read, or is of another kind."""


class RecordObjects:
    """The objects of one repository; `put_on_disk` makes what was written survive a power cut.

    What is larger than `most_bytes` counts as missing.
    """

    def __init__(self, directory: Path, *, most_bytes: int | None = None) -> None:
        self._most_bytes = most_bytes
        self._objects = directory / "objects"
        # Alternates included.
        self._database = pygit2.Odb(str(self._objects))
        self._written: set[str] = set()

    def size(self, object_id: str) -> int:
        """How many bytes an object has, which is not read for it; raises Missing."""
        try:
            _, size_bytes = self._database.read_header(pygit2.Oid(hex=object_id))
        except (KeyError, ValueError, pygit2.GitError) as error:
            raise Missing(object_id) from error
        return int(size_bytes)

    def read_commit(self, commit_id: str) -> bytes:
        """The content of a commit; raises Missing."""
        return self._read(commit_id, ObjectType.COMMIT)

    def walk(self, tip_id: str, *, until: str = "") -> Iterator[tuple[str, bytes]]:
        """Ids and contents along first parents, from the newest down to before `until`; raises Missing."""
        here = tip_id
        while here and here != until:
            content = self.read_commit(here)
            yield here, content
            begin = _BEGINNING.match(content)
            # Whatever else a commit begins with, git finds its parents.
            here = (begin[1] or b"").decode() if begin else next(iter(read_links(content)[1]), "")

    def read_tree(self, tree_id: str) -> dict[str, str]:
        """The ids of a tree's files by their names; raises Missing.

        A name of what is no ordinary file, or is there already, ends with a slash, which no file's can.
        """
        if tree_id == _EMPTY_TREE:  # git knows it, whether it is there or not
            return {}
        data, found, begin = self._read(tree_id, ObjectType.TREE), {}, 0
        while begin < len(data):
            end = data.find(b"\0", begin)
            if not 0 <= end < len(data) - _RAW_ID:
                raise Missing(tree_id)
            mode, _, name = data[begin:end].partition(b" ")
            begin = end + 1 + _RAW_ID
            text = name.decode("utf-8", "surrogateescape")
            mark = "" if mode == _MODE and text not in found else "/"
            found[text + mark] = data[end + 1 : begin].hex()
        return found

    def read_blob(self, blob_id: str) -> bytes:
        """The content of a file; raises Missing."""
        return self._read(blob_id, ObjectType.BLOB)

    def write_commit(self, content: bytes) -> str:
        """Writes a commit; returns its id."""
        return self._write(ObjectType.COMMIT, content)

    def write_tree(self, files: Mapping[str, bytes]) -> str:
        """Writes a tree of these files, by their names; returns its id."""
        ids = {name.encode(): self._write(ObjectType.BLOB, content) for name, content in files.items()}
        entries = [_MODE + b" " + name + b"\0" + bytes.fromhex(ids[name]) for name in sorted(ids)]
        return self._write(ObjectType.TREE, b"".join(entries))

    def put_on_disk(self) -> None:
        """Makes everything written since the last call survive a power cut."""
        folders = {self._objects}
        for object_id in sorted(self._written):
            folder = self._objects / object_id[:2]
            # It may stand in a pack, which was put on the disk when it was made.
            with suppress(FileNotFoundError):
                fsync(folder / object_id[2:])
                folders.add(folder)
        for folder in sorted(folders, reverse=True):
            fsync(folder)
        self._written.clear()

    def _read(self, object_id: str, kind: ObjectType) -> bytes:
        try:
            name = pygit2.Oid(hex=object_id)
            if self._most_bytes is not None and self._database.read_header(name)[1] > self._most_bytes:
                raise Missing(object_id)
            found, data = self._database.read(name)
        except (KeyError, ValueError, pygit2.GitError) as error:
            raise Missing(object_id) from error
        if found != kind:
            raise Missing(object_id)
        return bytes(data)

    def _write(self, kind: ObjectType, content: bytes) -> str:
        object_id = str(self._database.write(kind, content))
        self._written.add(object_id)
        return object_id
