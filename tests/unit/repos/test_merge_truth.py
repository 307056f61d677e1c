"""Some merges of a generated history, renames and deletions among them; `make truth` asks for hundreds."""

from pathlib import Path

from tests.bench.merge_history import generate
from tests.bench.merge_truth import compare_merges, compare_rebases, list_merges
from tests.work_tree import WorkTree

MERGES = 24


def test_merges_and_rebases_are_those_of_git(tmp_path: Path) -> None:
    directory = tmp_path / "merges.git"
    generate(directory, MERGES)
    tree, pairs = WorkTree(directory, tmp_path / "tree"), list_merges(directory, MERGES)
    merges = compare_merges(directory, tree, pairs)
    rebases = compare_rebases(directory, tree, pairs[:6])
    assert (merges.asked, merges.same, rebases.asked, rebases.same) == (MERGES, MERGES, 6, 6)
    assert merges.stopped >= MERGES / 10
