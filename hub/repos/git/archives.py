"""What an archive of a commit would hold, found out before git begins to write it."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pygit2
from pygit2.enums import FileMode, RepositoryOpenFlag

from hub.repos.git.objects import find_tree_id

MOST_ENTRIES: Final = 200_000
DEEPEST: Final = 256
_SECONDS: Final = 3.0
_UNSAFE: Final = frozenset({b"", b".", b"..", b".git", b"git~1"})


@dataclass(frozen=True, slots=True)
class Size:
    """How much lies in a tree: entries and bytes of files, with all that is below, and how deep it goes."""

    entries: int
    size_bytes: int
    depth: int


class TooLargeToPack(Exception):
    """The tree holds more than an archive may, or telling takes too long."""


class NamesUnsafe(Exception):
    """The tree holds a name that git does not pack: it would lead out of the folder it is unpacked into."""


def measure(directory: Path, commit_id: str, *, most_bytes: int) -> Size:
    """What an archive of the commit holds; raises TooLargeToPack and NamesUnsafe.

    Each tree is looked at once, however often it occurs: twelve objects can unfold to millions of entries.
    """
    git_repo = pygit2.Repository(str(directory), RepositoryOpenFlag.NO_SEARCH | RepositoryOpenFlag.BARE)
    tree_id = find_tree_id(git_repo.odb, commit_id)
    assert tree_id is not None, "only commits are packed"
    return _Scale(git_repo, most_bytes).weigh(pygit2.Oid(hex=tree_id), 0)


class _Scale:
    def __init__(self, git_repo: pygit2.Repository, most_bytes: int) -> None:
        self._git_repo = git_repo
        self._most_bytes = most_bytes
        self._deadline = time.monotonic() + _SECONDS
        self._known: dict[pygit2.Oid, Size] = {}
        self._looked_at = 0

    def weigh(self, tree_id: pygit2.Oid, depth: int) -> Size:
        known = self._known.get(tree_id)
        if known is None:
            if depth >= DEEPEST or time.monotonic() > self._deadline:
                raise TooLargeToPack
            self._known[tree_id] = known = self._weigh(tree_id, depth)
        if known.entries > MOST_ENTRIES or known.size_bytes > self._most_bytes or known.depth > DEEPEST:
            raise TooLargeToPack
        return known

    def _weigh(self, tree_id: pygit2.Oid, depth: int) -> Size:
        entries = size_bytes = deepest = 0
        for entry in self._git_repo[tree_id].peel(pygit2.Tree):
            entries += 1
            name = entry.raw_name or b""
            if name.lower() in _UNSAFE or b"/" in name:
                raise NamesUnsafe
            self._looked_at += 1
            if self._looked_at > MOST_ENTRIES:
                raise TooLargeToPack
            if entry.filemode == FileMode.TREE:
                below = self.weigh(entry.id, depth + 1)
                entries += below.entries
                size_bytes += below.size_bytes
                deepest = max(deepest, below.depth)
            elif entry.filemode != FileMode.COMMIT:
                size_bytes += self._git_repo.odb.read_header(entry.id)[1]
        return Size(entries, size_bytes, deepest + 1)
