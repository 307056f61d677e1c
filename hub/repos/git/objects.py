"""Reads the objects of a repository in this process, with libgit2."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import pygit2
from pygit2.enums import ConfigLevel, ObjectType, RepositoryOpenFlag

from hub.repos.git.commits import CommitRow, read_commits
from hub.repos.git.process import succeeds

_KINDS: Final = {
    ObjectType.COMMIT: "commit",
    ObjectType.TREE: "tree",
    ObjectType.BLOB: "blob",
    ObjectType.TAG: "tag",
}
# Most pushes add a few commits; walking further than this is git's business, which has better ways.
_NEAR_COMMITS: Final = 200
# A tag may be of a tag of a tag, and so on.
_MOST_TAGS: Final = 20
_TAGGED: Final = re.compile(rb"object ([0-9a-f]{40}|[0-9a-f]{64})\n")

# Repositories may belong to another user of this machine than the hub's, and no settings but their own count.
pygit2.settings.owner_validation = False
for _level in (ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL, ConfigLevel.PROGRAMDATA):
    pygit2.settings.search_path[_level] = ""


@dataclass(frozen=True, slots=True)
class CommitSummary:
    """What a list of commits shows of one."""

    commit_id: str
    subject: str
    author_name: str
    committed_at: datetime


@dataclass(frozen=True, slots=True)
class ObjectHeader:
    """What an object is, before it is read."""

    object_id: str
    kind: str
    size_bytes: int


def headers(objects: Path) -> Iterator[ObjectHeader]:
    """Every object in a folder of objects, with its unpacked size; raises Unreadable.

    For small folders: a process of git's costs a push more than 300 objects do here.
    """
    try:
        database = pygit2.Odb(str(objects))
        for one in database:
            kind, size_bytes = database.read_header(one)
            yield ObjectHeader(str(one), _KINDS[ObjectType(kind)], size_bytes)
    except (pygit2.GitError, KeyError, ValueError, OSError) as error:
        raise Unreadable(str(error)) from error


class Unreadable(Exception):
    """Objects that libgit2 cannot make sense of."""


# libgit2 refuses to read a commit whose headers name nobody, or no moment. git shows it, so that what commits
# and tags lead to is read from their bytes here.
def read_links(data: bytes) -> tuple[str, tuple[str, ...]]:
    """The ids of the tree and of the parents that a commit's content names."""
    lines = [line.split(b" ", 1) for line in data.partition(b"\n\n")[0].split(b"\n")]
    found = [(line[0], line[-1].decode("ascii", "replace")) for line in lines]
    tree_id = next((one for name, one in found if name == b"tree"), "")
    return tree_id, tuple(one for name, one in found if name == b"parent")


def find_tree_id(database: pygit2.Odb, commit_id: str) -> str | None:
    """The id of the tree of a commit; None for anything else."""
    try:
        kind, data = database.read(pygit2.Oid(hex=commit_id))
    except (KeyError, ValueError, pygit2.GitError):
        return None
    return read_links(bytes(data))[0] or None if kind == ObjectType.COMMIT else None


class Objects:
    """The objects of one repository. Opening takes 0.2 ms: make one per request."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._git_repo = pygit2.Repository(
            str(directory), RepositoryOpenFlag.NO_SEARCH | RepositoryOpenFlag.BARE
        )

    def kind(self, object_id: str) -> str | None:
        """`commit`, `tree`, `blob` or `tag`; None where there is no such object."""
        try:
            kind, _ = self._git_repo.odb.read_header(pygit2.Oid(hex=object_id))
        except (KeyError, ValueError):  # not there, or no id of this kind of repository
            return None
        return _KINDS.get(ObjectType(kind))

    def is_ancestor(self, ancestor_id: str, descendant_id: str) -> bool:
        """Whether the commit is the other one or lies in its history; both must be commits.

        Looks near the descendant in process and asks git for the rest: libgit2 took 1,244 ms for v1.0 in
        git's own history where git took 32.
        """
        if self._is_near(ancestor_id, descendant_id):
            return True
        return succeeds(self._directory, "merge-base", "--is-ancestor", operands=(ancestor_id, descendant_id))

    def _is_near(self, ancestor_id: str, descendant_id: str) -> bool:
        wanted = pygit2.Oid(hex=ancestor_id)
        waiting, seen = deque([pygit2.Oid(hex=descendant_id)]), set[pygit2.Oid]()
        while waiting and len(seen) < _NEAR_COMMITS:
            commit_id = waiting.popleft()
            if commit_id == wanted:
                return True
            if commit_id not in seen:
                seen.add(commit_id)
                waiting.extend(pygit2.Oid(hex=one) for one in self._parents(commit_id))
        return False

    def _parents(self, commit_id: pygit2.Oid) -> tuple[str, ...]:
        try:
            kind, data = self._git_repo.odb.read(commit_id)
        except (KeyError, pygit2.GitError):
            return ()
        return read_links(bytes(data))[1] if kind == ObjectType.COMMIT else ()

    def find_commit(self, object_id: str) -> CommitSummary | None:
        """The commit of that id, or None where there is none."""
        return next((_summary(one) for one in read_commits(self._directory, [object_id])), None)

    def find_commit_id(self, beginning: str) -> str | None:
        """The full id of the commit that this is or begins; None for none, several, and other objects."""
        try:
            found = self._git_repo.expand_id(beginning)
            # Not parsed: git shows commits that libgit2 cannot make sense of, and so do the pages.
            kind, _ = self._git_repo.odb.read_header(found)
        except (KeyError, ValueError, pygit2.GitError):
            return None
        return str(found) if kind == ObjectType.COMMIT else None

    def peel(self, object_id: str) -> str | None:
        """The id of the commit that this object is, or that a tag object leads to; None for others."""
        for _ in range(_MOST_TAGS):
            kind = self.kind(object_id)
            if kind != "tag":
                return object_id if kind == "commit" else None
            _, data = self._git_repo.odb.read(pygit2.Oid(hex=object_id))
            target = _TAGGED.match(bytes(data))
            object_id = "" if target is None else target[1].decode()
        return None

    def tree_of(self, commit_id: str) -> str | None:
        """The id of the tree of a commit; None for anything else."""
        return find_tree_id(self._git_repo.odb, commit_id)


def _summary(commit: CommitRow) -> CommitSummary:
    return CommitSummary(commit.commit_id, commit.subject, commit.author_name, commit.committed_at)
