"""A place beside a repository where trees are merged and commits made, of which it takes over what it needs.

git writes what a merge makes into a throw-away folder of objects and reads everything else from the
repository: asking whether a change can be merged leaves no trace, and neither does a merge that stops. What
is to stay is taken over as one pack, so that a hundred commits cost as many waits for the disk as one does.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import pygit2
from pygit2.enums import ObjectType

from hub.repos.git.merge_records import Conflict, Conflicts
from hub.repos.git.objects import read_links
from hub.repos.git.process import GitFailed, GitTooSlow, lines, run_through, settings
from hub.repos.git.store import ALIVE_LOCK, fsync, lock
from hub.repos.git.tree_survey import object_folders

# Below the time that the front waits for a page.
SECONDS: Final = 15.0
_MOST_NOTES: Final = 200
_CONFLICTS: Final = 1
_LOCK_SECONDS: Final = 10.0
_KIND: Final = "CONFLICT ("
_DURABLE: Final = settings({"core.fsync": "all"})
# What lies in the folder is lost with it.
_FLEETING: Final = settings({"core.fsync": "none"})


class Workshop:
    """Merges of one repository, inside `open_workshop`; all of them together have so many seconds."""

    def __init__(self, directory: Path, folder: Path, *, seconds: float = SECONDS) -> None:
        self._directory = directory
        self._folder = folder
        self._variables = {
            **_FLEETING,
            "GIT_OBJECT_DIRECTORY": str(folder),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(directory / "objects"),
        }
        self._objects = pygit2.Odb(str(folder))
        for one in object_folders(directory):
            self._objects.add_disk_alternate(str(one))
        self._seconds, self._deadline = seconds, time.monotonic() + seconds

    @property
    def seconds_left(self) -> float:
        """How long git may still take; raises GitTooSlow when nothing is left."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise GitTooSlow("merge-tree", self._seconds)
        return left

    def read_commit(self, commit_id: str) -> bytes:
        """The content of a commit, old or made here; raises KeyError for anything else."""
        kind, data = self._objects.read(commit_id)
        if kind != ObjectType.COMMIT:
            raise KeyError(commit_id)
        return bytes(data)

    def tree_of(self, commit_id: str) -> str:
        """The id of a commit's tree; raises KeyError for what is no commit."""
        return read_links(self.read_commit(commit_id))[0]

    def write_commit(self, content: bytes) -> str:
        """Makes a commit; returns its id."""
        return str(self._objects.write(ObjectType.COMMIT, content))

    def merge(self, one: str, other: str, *, may_be_unrelated: bool = False) -> str | Conflicts:
        """The id of the tree that joins two commits, or what stands against it; raises as `lines` does."""
        options = ["--write-tree", "-z", "--messages"]
        if may_be_unrelated:
            options.append("--allow-unrelated-histories")
        fields: list[bytes] = []
        try:
            with lines(
                self._directory,
                *("merge-tree", *options),
                operands=(one, other),
                timeout_seconds=self.seconds_left,
                additions=self._variables,
                ended_by=b"\0",
            ) as printed:
                fields.extend(printed)
        except GitFailed as error:
            if error.exit_code != _CONFLICTS or not fields:
                raise
            return _read_conflicts(fields)
        return fields[0].decode()

    def keep(self, tip: str) -> str | None:
        """Takes a commit made here, and what it needs of what was made here, into the repository, durably.

        Returns the name of the pack they are in; None where there was nothing new. Raises GitFailed, and
        GitTooSlow while the repository is being swept for too long.
        """
        wanted = list(self._list_new(tip))
        if not wanted:
            return None
        alive = lock(self._directory, ALIVE_LOCK, shared=True, wait_seconds=_LOCK_SECONDS)
        if alive is None:
            raise GitTooSlow("index-pack", _LOCK_SECONDS)
        with (
            open(alive, "rb", buffering=0),
            tempfile.TemporaryFile() as given,
            tempfile.TemporaryFile() as pack,
        ):
            given.write("".join(f"{one}\n" for one in wanted).encode())
            given.seek(0)
            options = ("--stdout", "--delta-base-offset", "--quiet")
            run_through(
                self._directory,
                *("pack-objects", *options),
                stdin=given,
                stdout=pack,
                timeout_seconds=self.seconds_left,
                additions=self._variables,
            )
            return self._take_over(pack)

    def _take_over(self, pack: IO[bytes]) -> str:
        pack.seek(0)
        with tempfile.TemporaryFile() as said:
            run_through(
                self._directory,
                *("index-pack", "--stdin"),
                stdin=pack,
                stdout=said,
                timeout_seconds=self.seconds_left,
                additions=_DURABLE,
            )
            said.seek(0)
            # It says "pack", a tab and the hash in the file's name.
            name = said.read().decode().split()[-1]
        fsync(self._directory / "objects" / "pack")
        return f"pack-{name}"

    def _list_new(self, tip: str) -> Iterator[str]:
        """The objects made here that the commit reaches; what lies in the repository is whole already."""
        new = pygit2.Odb(str(self._folder))
        waiting, seen = [tip], set[str]()
        while waiting:
            object_id = waiting.pop()
            if object_id in seen:
                continue
            seen.add(object_id)
            try:
                kind, data = new.read(object_id)
            except KeyError:
                continue
            yield object_id
            if kind == ObjectType.COMMIT:
                tree_id, parent_ids = read_links(bytes(data))
                waiting += [tree_id, *parent_ids]
            elif kind == ObjectType.TREE:
                waiting += _ids_in_tree(bytes(data), id_bytes=len(object_id) // 2)


@contextmanager
def open_workshop(directory: Path, *, seconds: float = SECONDS) -> Iterator[Workshop]:
    """A workshop beside that repository; what was made in it and not kept is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="hub-merge-") as folder:
        yield Workshop(directory, Path(folder), seconds=seconds)


def _ids_in_tree(data: bytes, *, id_bytes: int) -> Iterator[str]:
    at = 0
    while at < len(data):
        start = data.index(b"\0", at) + 1
        at = start + id_bytes
        yield data[start:at].hex()


def _read_conflicts(fields: list[bytes]) -> Conflicts:
    """What git-merge-tree(1) prints with -z: the tree, unmerged entries, an empty field, what it says."""
    end = fields.index(b"", 1)
    paths = {entry.partition(b"\t")[2] for entry in fields[1:end]}
    notes: list[Conflict] = []
    at = end + 1
    while at < len(fields) and len(notes) < _MOST_NOTES:
        count = int(fields[at])
        named, (kind, sentence) = fields[at + 1 : at + 1 + count], fields[at + 1 + count : at + 3 + count]
        at += 3 + count
        label = kind.decode("utf-8", "replace")
        if label.startswith(_KIND):
            words = sentence.decode("utf-8", "replace").strip()
            notes.append(Conflict(label.removeprefix(_KIND).removesuffix(")"), tuple(named), words))
    return Conflicts(tuple(sorted(paths)), tuple(notes))
