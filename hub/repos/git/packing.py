"""Keeps the objects and refs of a repository in few files. What it does never removes an object.

`git gc` and `--prune` are not used at all: somebody may be pushing what builds on an object that no ref
reaches yet, and a fork may need what its lender's refs do not reach any more. A geometric repack joins packs
and keeps everything that is in them (git-repack(1)); it is safe beside fetches and pushes, which look again
where a pack is gone.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.repos.git.loans import is_borrowing
from hub.repos.git.process import lines, settings
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import QUEUE_LOCK, fsync, holding

_SECONDS: Final = 3600.0
_QUEUE_SECONDS: Final = 10.0
_FOLDERS: Final = 256
# The repack of a large repository takes minutes of one processor; it shall not take them all.
_SETTINGS: Final = settings({"core.fsync": "all", "pack.threads": "1"})


@dataclass(frozen=True, slots=True)
class Clutter:
    """What there is too much of: packs (those that somebody marked to be kept left out), loose refs and loose
    objects, of which a comment makes a few; how many is told from one folder of 256."""

    packs: int
    loose_refs: int
    loose_objects: int = 0


def look_for_clutter(directory: Path, *, most_refs: int) -> Clutter:
    """How cluttered the repository is; of loose refs at most `most_refs` are counted."""
    packs = directory / "objects" / "pack"
    names = {path.name for path in packs.iterdir()} if packs.is_dir() else set()
    kept = {name.removesuffix(".keep") for name in names if name.endswith(".keep")}
    count = sum(name.endswith(".pack") and name.removesuffix(".pack") not in kept for name in names)
    return Clutter(count, _count_loose(directory, most_refs), _count_objects(directory))


def _count_objects(directory: Path) -> int:
    # Ids are spread evenly; git's own gc looks into this folder, too.
    sample = directory / "objects" / "17"
    return _FOLDERS * sum(1 for _ in sample.iterdir()) if sample.is_dir() else 0


def _count_loose(directory: Path, limit: int) -> int:
    count = 0
    for folder in RefFiles(directory).folders():
        # git removes folders that a deletion emptied.
        with suppress(FileNotFoundError), os.scandir(os.fsencode(directory) + b"/" + folder) as entries:
            count += sum(not entry.is_dir(follow_symlinks=False) for entry in entries)
        if count >= limit:
            break
    return count


def join_packs(directory: Path) -> None:
    """Joins packs until each is at least twice as large as the next, and indexes them all in one file.

    A repository that borrows gets no bitmap, for which it would need all objects itself.
    """
    if is_borrowing(directory) and look_for_clutter(directory, most_refs=0).packs == 0:
        # git 2.39 takes a pack of the lender's for one to index, and crashes.
        _run(directory, "repack", "-d", "-l", "--quiet")
        fsync(directory / "objects" / "pack")
        return
    own = ("-l",) if is_borrowing(directory) else ("--write-bitmap-index",)
    _run(directory, "repack", "-d", "--geometric=2", "--write-midx", "--quiet", *own)
    fsync(directory / "objects" / "pack")


def write_commit_graph(directory: Path) -> None:
    """Writes down the shape of the history, and which commit changed which paths; not for what borrows."""
    if is_borrowing(directory):
        return
    _run(directory, "commit-graph write", "--reachable", "--changed-paths", "--no-progress")
    fsync(directory / "objects" / "info")


def pack_refs(directory: Path) -> bool:
    """Puts all refs into one file; False while others are at the refs for too long."""
    with holding(directory, QUEUE_LOCK, wait_seconds=_QUEUE_SECONDS) as is_ours:
        if is_ours:
            _run(directory, "pack-refs", "--all")
            fsync(directory)
    return is_ours


def _run(directory: Path, *command: str) -> None:
    with lines(directory, *command, timeout_seconds=_SECONDS, additions=_SETTINGS) as printed:
        list(printed)
