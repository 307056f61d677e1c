"""Which paths two trees have differently, found in this process and no further than a limit.

A few small objects can describe more files than there are atoms, and git lists all of them before it says
anything. So how much there is to compare is looked at here first.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import pygit2
from pygit2.enums import ObjectType, RepositoryOpenFlag

from hub.repos.git.diff_records import Entry, FileStatus
from hub.repos.git.objects import Unreadable

_FOLDER: Final = b"40000"
_KIND_BITS: Final = 0o170000


class _Place(NamedTuple):
    """What a tree has under one name: the mode as it stands there, and the id."""

    mode: bytes
    object_id: bytes


_NOTHING: Final = _Place(b"0", b"")


@dataclass(frozen=True, slots=True)
class Survey:
    """The first entries that differ, in git's order; `is_whole` where there are no others.

    What was renamed stands here as deleted and added.
    """

    entries: tuple[Entry, ...]
    is_whole: bool


def survey(
    directory: Path, old_tree: str | None, new_tree: str | None, *, most: int, beside: Path | None = None
) -> Survey:
    """Compares two trees, None being an empty one, until `most` files and folders were found to differ.

    `beside` is a repository whose objects are read as well. Raises Unreadable.
    """
    trees = _Trees(directory, beside)
    entries: list[Entry] = []
    old, new = (_Place(_FOLDER, bytes.fromhex(one)) if one else _NOTHING for one in (old_tree, new_tree))
    waiting = [(b"", old, new)]
    seen = 0
    while waiting:
        path, old, new = waiting.pop()
        seen += 1
        if seen > most:
            return Survey(tuple(entries), is_whole=False)
        if _FOLDER in (old.mode, new.mode):
            waiting += trees.differing(path, old.object_id, new.object_id)
        else:
            entries.append(_entry(path, old, new))
    return Survey(tuple(entries), is_whole=True)


def _entry(path: bytes, old: _Place, new: _Place) -> Entry:
    modes = (int(old.mode, 8), int(new.mode, 8))
    if old is _NOTHING:
        status = FileStatus.ADDED
    elif new is _NOTHING:
        status = FileStatus.DELETED
    elif modes[0] & _KIND_BITS != modes[1] & _KIND_BITS:
        status = FileStatus.TYPE_CHANGED
    else:
        status = FileStatus.MODIFIED
    return Entry(status, path, path, *modes, old.object_id.hex() or None, new.object_id.hex() or None)


class _Trees:
    """The trees of a repository, as git stores them: libgit2's own entries take five times as long."""

    def __init__(self, directory: Path, beside: Path | None) -> None:
        flags = RepositoryOpenFlag.NO_SEARCH | RepositoryOpenFlag.BARE
        self._database = pygit2.Repository(str(directory), flags).odb
        for one in () if beside is None else object_folders(beside):
            self._database.add_disk_alternate(str(one))

    def differing(self, path: bytes, old_id: bytes, new_id: bytes) -> list[tuple[bytes, _Place, _Place]]:
        """What two folders at this path have differently, the last one first; folders end with a slash."""
        old, new = self._read(old_id), self._read(new_id)
        sides = [_by_name(one - other) for one, other in ((old, new), (new, old))]
        names = sorted(sides[0].keys() | sides[1].keys(), reverse=True)
        return [(path + one, sides[0].get(one, _NOTHING), sides[1].get(one, _NOTHING)) for one in names]

    def _read(self, tree_id: bytes) -> set[tuple[bytes, bytes, bytes]]:
        """Mode, name and id of what is in the tree."""
        if not tree_id:
            return set()
        try:
            kind, data = self._database.read(tree_id.hex())
        except (KeyError, ValueError, pygit2.GitError) as error:
            raise Unreadable(f"the tree {tree_id.hex()}: {error}") from error
        if kind != ObjectType.TREE:
            raise Unreadable(f"{tree_id.hex()} is no tree")
        return set(_entries(len(tree_id)).findall(data))


def object_folders(directory: Path) -> list[Path]:
    """Where the objects of a repository lie: its own, and what it borrows."""
    own = directory / "objects"
    try:
        borrowed = (own / "info" / "alternates").read_text().splitlines()
    except FileNotFoundError:
        return [own]
    return [own, *((own / one).resolve() for one in borrowed if one)]


def _by_name(entries: set[tuple[bytes, bytes, bytes]]) -> dict[bytes, _Place]:
    return {
        name + b"/" if mode == _FOLDER else name: _Place(mode, object_id) for mode, name, object_id in entries
    }


def _entries(id_bytes: int) -> re.Pattern[bytes]:
    # re keeps what it compiled.
    return re.compile(rb"([0-7]+) ([^\0]+)\0(.{%d})" % id_bytes, re.DOTALL)
