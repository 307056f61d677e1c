"""The commit that last touched each entry of a folder, kept for one tip and brought up to date from there.

One walk over the history answers for every folder of a tip, once per import; after a push each page, or the
worker for all, walks from the new tip until it meets what is known. A page has a budget: beyond it there is
no answer, and the worker is to be asked for one.
Measured on git's own repository (82,000 commits, 5,071 entries in 251 folders): everything 7 s once, 158 KB;
the root of 561 entries 3 ms when known, 10 ms after a push, 25 ms after one of 78 commits.
"""

from collections.abc import Iterable
from itertools import chain, islice
from pathlib import Path
from typing import Final

from hub.repos.git.last_commits_file import digest_of, open_answers, write_answers
from hub.repos.git.path_walk import Answers, Budget, Known, OutOfBudget, PathWalk
from hub.repos.git.prepared_files import remove_old
from hub.repos.git.trees import EntryKind, TooLarge, Trees
from hub.repos.git.wanted_paths import WantedPaths, below

# What somebody waits for while their page is made.
PAGE_BUDGET: Final = Budget(commits=2000, seconds=0.2)
# All entries of a tip up to here; folders beyond, level by level, are answered when somebody looks at them.
_MOST_ENTRIES: Final = 120_000
_MOST_LEVELS: Final = 250

_WHOLE: Final = "touched-"
_ONE: Final = "folder-"
_KEPT_WHOLE: Final = 2
_KEPT_ONES: Final = 100
# Looking for the nearest known tip among more costs more than it saves.
_MOST_COMPARED: Final = 8
# A walk that was shorter costs less than a file.
_WORTH_KEEPING: Final = 100


class LastCommits:
    """What is known of one repository; `kept` is the folder of its files."""

    def __init__(self, directory: Path, kept: Path) -> None:
        self._directory = directory
        self._kept = kept

    def in_folder(
        self, tip: str, path: bytes, names: Iterable[bytes], *, budget: Budget = PAGE_BUDGET
    ) -> dict[bytes, str] | None:
        """The ids of the commits that last touched these entries of a folder, by name.

        All names must be in that folder at the tip. None where that takes longer than the budget allows.
        """
        wanted = set(names)
        known = self._read(self._whole(tip), path)
        if known is None or not wanted <= known.keys():
            known = self._read(self._one(tip, path), path)
        if known is None or not wanted <= known.keys():
            known = self._walk(tip, path, wanted, budget)
        return None if known is None else {name: known[name].hex() for name in wanted}

    def of_path(self, tip: str, path: bytes, *, budget: Budget = PAGE_BUDGET) -> str | None:
        """The id of the commit that last touched a file or folder; None where it is not there, or too far."""
        if not path:
            return tip
        if Trees(self._directory).find(tip, path) is None:
            return None
        folder, _, name = path.rpartition(b"/")
        found = self.in_folder(tip, folder, (name,), budget=budget)
        return None if found is None else found[name]

    def make_folder(self, tip: str, path: bytes, *, budget: Budget) -> bool:
        """Keeps the answers for what a page shows of a folder; whether there are any now."""
        trees = Trees(self._directory)
        entry = trees.find(tip, path)
        if entry is None or entry.kind is not EntryKind.FOLDER:
            return False
        names = [one.name for one in trees.read_folder(entry.object_id).entries]
        return self.in_folder(tip, path, names, budget=budget) is not None

    def make_all(self, tip: str, *, budget: Budget) -> bool:
        """Keeps the answers for all folders of a tip, from the last such on; whether they are there now."""
        if open_answers(self._whole(tip)) is not None:
            return True
        wanted = _list_all(Trees(self._directory), tip)
        walk = PathWalk(self._directory, budget)
        known = self._nearest(walk, tip, self._kept.glob(f"{_WHOLE}*"))
        before = None if known is None else Known(known[1], _read_all(known[0]))
        try:
            answers = walk.run(bytes.fromhex(tip), wanted, before)
        except (OutOfBudget, KeyError):
            return False
        write_answers(self._whole(tip), answers, id_bytes=len(tip) // 2)
        remove_old(self._kept, _WHOLE, most=_KEPT_WHOLE)
        return True

    def _walk(self, tip: str, path: bytes, names: set[bytes], budget: Budget) -> dict[bytes, bytes] | None:
        if path.count(b"/") >= _MOST_LEVELS:
            return None
        walk = PathWalk(self._directory, budget)
        candidates = chain(self._kept.glob(f"{_WHOLE}*"), self._kept.glob(f"{self._one('', path).name}*"))
        known = self._nearest(walk, tip, candidates)
        answers = None if known is None else self._read(known[0], path)
        before = None if known is None or answers is None else Known(known[1], {path: answers})
        wanted = WantedPaths()
        wanted.add(path, names)
        try:
            found = walk.run(bytes.fromhex(tip), wanted, before).get(path, {})
        except (OutOfBudget, KeyError):  # or objects are missing: nobody can tell
            return None
        if walk.walked > _WORTH_KEEPING:
            write_answers(self._one(tip, path), {path: found}, id_bytes=len(tip) // 2)
            remove_old(self._kept, _ONE, most=_KEPT_ONES)
        return found

    def _nearest(self, walk: PathWalk, tip: str, files: Iterable[Path]) -> tuple[Path, bytes] | None:
        """The file whose commit is nearest to the tip in time, and that commit's id."""
        at = walk.moment_of(bytes.fromhex(tip))
        found = []
        for path in islice(files, _MOST_COMPARED):
            commit_id = bytes.fromhex(path.name.rpartition("-")[2])
            moment = walk.moment_of(commit_id)
            if at is not None and moment is not None:
                found.append((abs(moment - at), path, commit_id))
        return min(found)[1:] if found else None

    def _read(self, file: Path, path: bytes) -> dict[bytes, bytes] | None:
        opened = open_answers(file)
        try:
            return None if opened is None else opened.get(path)
        except ValueError:
            file.unlink(missing_ok=True)
            return None

    def _whole(self, tip: str) -> Path:
        return self._kept / f"{_WHOLE}{tip}"

    def _one(self, tip: str, path: bytes) -> Path:
        return self._kept / f"{_ONE}{digest_of(path).hex()}-{tip}"


def _read_all(file: Path) -> Answers:
    opened = open_answers(file)
    try:
        return {} if opened is None else dict(opened.items())
    except ValueError:
        file.unlink(missing_ok=True)
        return {}


def _list_all(trees: Trees, tip: str) -> WantedPaths:
    """Every entry of every folder of a tip, level by level until there are too many."""
    wanted, count = WantedPaths(), 0
    root = trees.root_of(tip)
    level = [] if root is None else [(b"", root.object_id)]
    for _ in range(_MOST_LEVELS):
        next_level = []
        for path, tree_id in level:
            try:
                entries = trees.read_folder(tree_id, most_entries=_MOST_ENTRIES).entries
            except TooLarge:
                continue
            count += len(entries)
            if count > _MOST_ENTRIES:
                return wanted
            if entries:
                wanted.add(path, (one.name for one in entries))
            folders = [one for one in entries if one.kind is EntryKind.FOLDER]
            next_level += [(below(path, one.name), one.object_id) for one in folders]
        level = next_level
    return wanted
