"""Finds the commit that last touched each of many paths in one walk, exactly as `git log -1 -- path` does.

git follows, for each path, the first parent in which the path is the same; the commit that differs from all
its parents is the answer. So each path has one trail through the history, and paths with the same trail walk
together: a set of wanted paths is handed from commit to commit, and split where a merge parts them. Only
folders whose ids differ are looked into.

Answers that are known for some commit shorten the walk: the paths walk from there as well, and where the two
trails of a path meet, the answer is the known one, because they are the same from there on.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from pathlib import Path
from typing import Final

import pygit2
from pygit2.enums import ObjectType, RepositoryOpenFlag

from hub.repos.git.tree_differences import TreeDifferences
from hub.repos.git.wanted_paths import WantedPaths

_COMMIT: Final = re.compile(rb"tree ([0-9a-f]+)\n((?:parent [0-9a-f]+\n)*)")
_COMMITTED_AT: Final = re.compile(rb"\ncommitter [^\n]*> (\d{1,12}) ")
_KEPT_COMMITS: Final = 50_000
# No page lists the entries of larger trees either.
_MOST_BYTES: Final = 5 << 20
_FOLDER_MODES: Final = (b"40000", b"040000")

# By folder, then by name: binary ids of commits.
Answers = dict[bytes, dict[bytes, bytes]]


class OutOfBudget(Exception):
    """The walk would take longer than it may."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How far a walk may go."""

    commits: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Known:
    """What is known for some commit: its binary id, and the answers there."""

    commit_id: bytes
    answers: Mapping[bytes, Mapping[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class _Commit:
    tree_id: bytes
    parent_ids: list[bytes]
    committed_at: int


@dataclass(slots=True)
class _Trails:
    """The wanted paths that are at each commit, not yet walked on."""

    at: dict[bytes, WantedPaths] = field(default_factory=dict)

    def put(self, commit_id: bytes, paths: WantedPaths) -> None:
        there = self.at.get(commit_id)
        if there is None:
            self.at[commit_id] = paths
        else:
            there.join(paths)


class PathWalk:
    """One walk in one repository; `run` once."""

    def __init__(self, directory: Path, budget: Budget) -> None:
        git_repo = pygit2.Repository(str(directory), RepositoryOpenFlag.NO_SEARCH | RepositoryOpenFlag.BARE)
        self._odb = git_repo.odb
        self._budget = budget
        self._deadline = time.monotonic() + budget.seconds
        self._queue: list[tuple[int, int, bytes]] = []
        self._queued: set[bytes] = set()
        self._commits: dict[bytes, _Commit] = {}
        self._differences = TreeDifferences(partial(self._read, kind=ObjectType.TREE))
        self.walked = 0
        self.answers: Answers = {}

    def run(self, tip: bytes, wanted: WantedPaths, known: Known | None = None) -> Answers:
        """The commit that last touched each wanted path, which must exist at the tip.

        Raises OutOfBudget, and KeyError for a history with missing objects.
        """
        asked, given = _Trails(), _Trails()
        if known is not None:
            given.put(known.commit_id, _known_paths(wanted, known))
            self._enqueue(known.commit_id)
        asked.put(tip, wanted)
        self._enqueue(tip)
        while self._queue and asked.at:
            self._check_budget()
            commit_id = self._dequeue()
            paths, met = asked.at.pop(commit_id, None), given.at.pop(commit_id, None)
            if paths and met and known is not None:
                self._answer_known(paths, met, known)
            if paths:
                self._answer(commit_id, self._hand_on(commit_id, paths, asked))
            if met:
                self._hand_on(commit_id, met, given)
            self._commits.pop(commit_id, None)
        return self.answers

    def moment_of(self, commit_id: bytes) -> int | None:
        """When the commit was committed, in seconds; None where there is no such commit."""
        try:
            return self._commit(commit_id).committed_at
        except KeyError:
            return None

    def _hand_on(self, commit_id: bytes, paths: WantedPaths, trails: _Trails) -> WantedPaths | None:
        """Hands each path on to the first parent in which it is the same; returns the others."""
        commit = self._commit(commit_id)
        for parent_id in commit.parent_ids:
            parent = self._commit(parent_id)
            changed = None
            if parent.tree_id != commit.tree_id:
                changed = self._split(paths, commit.tree_id, parent.tree_id)
            if paths:
                trails.put(parent_id, paths)
                self._enqueue(parent_id)
            if not changed:
                return None
            paths = changed
        return paths

    def _split(self, paths: WantedPaths, ours: bytes, theirs: bytes) -> WantedPaths:
        """Removes from the wanted paths those that differ between two trees; returns these."""
        our_entries, their_entries = self._differences.between(ours, theirs)
        id_bytes = len(ours)
        changed = WantedPaths(paths.path)
        their_folders: dict[bytes, bytes] | None = None
        for entry in our_entries:
            name = entry[entry.index(b" ") + 1 : -id_bytes - 1]
            if name in paths.names:
                paths.names.remove(name)
                changed.names.add(name)
            if name not in paths.folders:
                continue
            if their_folders is None:
                their_folders = _folders(their_entries, id_bytes)
            self._split_folder(paths, changed, name, entry[-id_bytes:], their_folders.get(name))
        return changed

    def _split_folder(
        self, paths: WantedPaths, changed: WantedPaths, name: bytes, ours: bytes, theirs: bytes | None
    ) -> None:
        inside = paths.folders[name]
        if theirs is None:
            changed.folders[name] = paths.folders.pop(name)
            return
        if ours == theirs:  # only its mode is written in another way
            return
        differing = self._split(inside, ours, theirs)
        if differing:
            changed.folders[name] = differing
        if not inside:
            del paths.folders[name]

    def _answer(self, commit_id: bytes, paths: WantedPaths | None) -> None:
        for folder, names in () if paths is None else paths.each():
            self.answers.setdefault(folder, {}).update(dict.fromkeys(names, commit_id))

    def _answer_known(self, paths: WantedPaths, met: WantedPaths, known: Known) -> None:
        for folder, names in paths.take_common(met):
            answers = known.answers[folder]
            self.answers.setdefault(folder, {}).update((name, answers[name]) for name in names)

    def _enqueue(self, commit_id: bytes) -> None:
        if commit_id not in self._queued:
            self._queued.add(commit_id)
            heappush(self._queue, (-self._commit(commit_id).committed_at, len(self._queued), commit_id))

    def _dequeue(self) -> bytes:
        commit_id = heappop(self._queue)[2]
        self._queued.remove(commit_id)
        return commit_id

    def _check_budget(self) -> None:
        self.walked += 1
        if self.walked > self._budget.commits or time.monotonic() > self._deadline:
            raise OutOfBudget

    def _commit(self, commit_id: bytes) -> _Commit:
        found = self._commits.get(commit_id)
        if found is None:
            if len(self._commits) > _KEPT_COMMITS:
                self._commits.clear()
            found = self._commits[commit_id] = _parse_commit(self._read(commit_id, ObjectType.COMMIT))
        return found

    def _read(self, object_id: bytes, kind: ObjectType) -> bytes:
        try:
            found, data = self._odb.read(pygit2.Oid(raw=object_id))
        except pygit2.GitError as error:
            raise KeyError(object_id.hex()) from error
        if found != kind:
            raise KeyError(object_id.hex())
        if len(data) > _MOST_BYTES:
            raise OutOfBudget
        return bytes(data)


def _known_paths(wanted: WantedPaths, known: Known) -> WantedPaths:
    """The wanted paths for which there are answers."""
    paths = WantedPaths()
    for folder, names in wanted.each():
        answered = known.answers.get(folder)
        common = names & answered.keys() if answered else None
        if common:
            paths.add(folder, common)
    return paths


def _folders(entries: list[bytes], id_bytes: int) -> dict[bytes, bytes]:
    """The ids of the folders among entries of a tree, by name."""
    found = {}
    for entry in entries:
        mode, _, name = entry[: -id_bytes - 1].partition(b" ")
        if mode in _FOLDER_MODES:
            found[name] = entry[-id_bytes:]
    return found


def _parse_commit(data: bytes) -> _Commit:
    found = _COMMIT.match(data)
    if found is None:
        raise KeyError("a commit without a tree")
    parents = [bytes.fromhex(line[7:].decode()) for line in found[2].split(b"\n")[:-1]]
    at = _COMMITTED_AT.search(data)
    return _Commit(bytes.fromhex(found[1].decode()), parents, int(at[1]) if at else 0)
