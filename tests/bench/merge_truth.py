"""`python -m tests.bench.merge_truth [COUNT]`: our merges and rebases against those of git in a work tree.

Merges taken by chance (400, unless another number is given) of the history that HISTORY names, or of a
generated one: trees, and the paths of conflicts, must be those of `git merge`; the topics of a quarter of
them are rebased as well, and trees, people, messages and where it stops must be those of `git rebase`.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import ParamSpec, TypeVar

from hub.repos.git.merge_records import Clean, Merge, Prepared, Stopped, StopReason
from hub.repos.git.merging import check_merge
from hub.repos.git.rebasing import make_rebase
from hub.repos.git.writing import Signature
from tests.bench.corpus import git
from tests.bench.merge_history import generate
from tests.work_tree import Joined, WorkTree

COUNT = 400
LONGEST_TOPIC = 40
_MERGER = Signature("Mel Merger", "mel@example.org", datetime(2026, 1, 1, tzinfo=UTC))
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class Compared:
    """What was asked of both, and the seconds that each took for so many steps."""

    name: str
    asked: int = 0
    same: int = 0
    stopped: int = 0
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)

    def add(self, what: str, ours: Joined, theirs: Joined) -> None:
        """Counts one answer of each."""
        self.asked += 1
        self.same += ours == theirs
        self.stopped += theirs.tree_id is None
        if ours != theirs:
            print(f"differs: {self.name}: {what}: {ours} {theirs}", file=sys.stderr)

    def row(self) -> str:
        """The line of the table."""
        share = 100 * self.stopped / max(self.asked, 1)
        times = [f"{1000 * median(one or [0]):.1f} ms" for one in (self.ours, self.theirs)]
        return f"| {self.name} | {self.asked} | {self.same} | {share:.0f} % | {times[0]} | {times[1]} |"


def list_merges(directory: Path, count: int) -> list[tuple[str, str]]:
    """Both parents of so many merges, the same in every run over the same history."""
    rows = [
        line.split()[1:] for line in git(directory, "rev-list", "--merges", "--parents", "HEAD").splitlines()
    ]
    pairs = [(row[0], row[1]) for row in rows if len(row) == 2]
    return random.Random(7).sample(pairs, min(count, len(pairs)))


def compare_merges(directory: Path, tree: WorkTree, pairs: list[tuple[str, str]]) -> Compared:
    """Each second parent merged into the first."""
    found = Compared("merges (git merge)")
    for target_id, source_id in pairs:
        checked = _timed(found.ours, 1, check_merge, directory, target_id, source_id)
        tree.check_out(target_id)
        theirs = _timed(found.theirs, 1, tree.merge, source_id, "--no-ff")
        found.add(f"{source_id} into {target_id}", _as_joined(directory, target_id, checked), theirs)
    return found


def compare_rebases(directory: Path, tree: WorkTree, pairs: list[tuple[str, str]]) -> Compared:
    """The topics of these merges put on what they were merged into; times are of one commit each."""
    found = Compared("rebases (git rebase)")
    for target_id, source_id, length in pairs_with_length(directory, pairs):
        merge = Merge(target_id, source_id, "", _MERGER, _MERGER)
        made = _timed(found.ours, length, make_rebase, directory, merge)
        ours = _as_joined(directory, target_id, made)
        if ours.tree_id is not None:
            tip = made.commit_id if isinstance(made, Prepared) else target_id
            ours = replace(ours, commits=tree.describe(target_id, tip))
        tree.check_out(source_id)
        theirs = _timed(found.theirs, length, tree.rebase, target_id)
        found.add(f"{source_id} onto {target_id}", ours, theirs)
    return found


def _as_joined(directory: Path, target_id: str, found: Clean | Prepared | Stopped) -> Joined:
    if isinstance(found, Clean):
        return Joined(found.tree_id)
    if isinstance(found, Stopped) and found.reason is not StopReason.NOTHING_TO_MERGE:
        return Joined(None, () if found.conflicts is None else found.conflicts.paths, found.at_commit)
    commit_id = found.commit_id if isinstance(found, Prepared) else target_id
    return Joined(git(directory, "rev-parse", f"{commit_id}^{{tree}}").strip())


def pairs_with_length(directory: Path, pairs: list[tuple[str, str]]) -> Iterator[tuple[str, str, int]]:
    """The pairs whose topic is of a length that people rebase, with the number of its commits."""
    for target_id, source_id in pairs:
        length = int(git(directory, "rev-list", "--count", "--no-merges", f"{target_id}..{source_id}"))
        if 0 < length <= LONGEST_TOPIC:
            yield target_id, source_id, length


def _timed(seconds: list[float], steps: int, work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    began = time.monotonic()
    result = work(*args, **named)
    seconds.append((time.monotonic() - began) / steps)
    return result


def _open(folder: Path, count: int) -> tuple[Path, str]:
    """The history, in a repository that may be written to, and what to call it."""
    directory, history = folder / "merges.git", os.environ.get("HISTORY")
    if history:
        subprocess.run(["git", "clone", "-q", "--bare", "--shared", history, str(directory)], check=True)
    else:
        generate(directory, count)
    return directory, "real" if history else "generated"


def main(count: int) -> None:
    """Compares, prints the table, and fails when anything differs."""
    with tempfile.TemporaryDirectory(prefix="hub-merges-") as name:
        directory, label = _open(Path(name), count)
        git(directory, "commit-graph", "write", "--reachable")
        pairs = list_merges(directory, count)
        print(f"{label}; {len(pairs)} merges\n", flush=True)
        tree = WorkTree(directory, Path(name) / "tree")
        found = [
            compare_merges(directory, tree, pairs),
            compare_rebases(directory, tree, pairs[: -(-len(pairs) // 4)]),
        ]
    print("| what | asked | the same | conflicts | ours, each | in a work tree, each |")
    print("|---|---|---|---|---|---|")
    print("\n".join(one.row() for one in found))
    if any(one.asked != one.same for one in found):
        raise SystemExit("The hub does not merge as git does.")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
