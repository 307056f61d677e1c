"""Every strategy over every shape of history gives what stock git gives in a work tree."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.repos.git.merge_records import Merge, Prepared, Stopped, StopReason
from hub.repos.git.writing import Signature
from hub.reviews.strategies import STRATEGIES
from tests.merge_histories import SHAPES, make_history
from tests.work_tree import Joined, WorkTree

ADA = Signature("Ada Author", "ada@example.org", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
MEL = Signature("Mel Merger", "mel@example.org", datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC))
MESSAGE = "Title (#1)\n\nWhy it is so.\n\nReviewed-by: Rae <rae@example.org>\n"


class Ground:
    """One history, twice: as the hub has it, and with a work tree."""

    def __init__(self, folder: Path, shape: str) -> None:
        self.directory = folder / "bare.git"
        self.ids = make_history(self.directory, shape)
        self.tree = WorkTree(self.directory, folder / "tree")

    @property
    def merge(self) -> Merge:
        return Merge(self.ids["main"], self.ids["topic"], MESSAGE, ADA, MEL)

    def git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.directory), *arguments]
        return subprocess.run(command, capture_output=True, check=True).stdout.decode()

    def tree_of(self, commit_id: str) -> str:
        return self.git("rev-parse", f"{commit_id}^{{tree}}").strip()


@pytest.fixture
def ground(tmp_path: Path, request: pytest.FixtureRequest) -> Ground:
    return Ground(tmp_path, request.param)


def by_git(ground: Ground, strategy: str) -> Joined:
    """What git itself makes of it."""
    if strategy == "rebase":
        ground.tree.check_out(ground.merge.source_id)
        return ground.tree.rebase(ground.merge.target_id)
    options = {"merge": "--no-ff", "squash": "--squash", "fast-forward": "--ff-only"}
    ground.tree.check_out(ground.merge.target_id)
    return ground.tree.merge(ground.merge.source_id, options[strategy])


def by_us(ground: Ground, strategy: str) -> Joined:
    made = STRATEGIES[strategy].prepare(ground.directory, ground.merge)
    if isinstance(made, Prepared):
        commits = ground.tree.describe(ground.merge.target_id, made.commit_id) if strategy == "rebase" else ()
        return Joined(ground.tree_of(made.commit_id), commits=commits)
    if made.reason is StopReason.NOTHING_TO_MERGE:
        return Joined(ground.tree_of(ground.merge.target_id))
    return Joined(None, () if made.conflicts is None else made.conflicts.paths, made.at_commit)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("ground", SHAPES, indirect=True)
def test_a_strategy_gives_what_git_gives_in_a_work_tree(ground: Ground, strategy: str) -> None:
    assert by_us(ground, strategy) == by_git(ground, strategy)
    ground.git("fsck", "--strict", "--no-dangling")


ENDS: dict[str, tuple[str, str, str, str]] = {
    "fast-forward": ("made", "made", "made", "made"),
    "diverged": ("made", "made", "made", "not_a_fast_forward"),
    "conflict": ("conflicts", "conflicts", "conflicts", "not_a_fast_forward"),
    "merge commits": ("made", "made", "made", "not_a_fast_forward"),
    "empty": ("made", "nothing_to_merge", "made", "not_a_fast_forward"),
    "rename": ("conflicts", "conflicts", "conflicts", "not_a_fast_forward"),
    "binary": ("conflicts", "conflicts", "conflicts", "not_a_fast_forward"),
}


@pytest.mark.parametrize("ground", SHAPES, indirect=True)
def test_how_each_ends(ground: Ground, request: pytest.FixtureRequest) -> None:
    found = [STRATEGIES[one].prepare(ground.directory, ground.merge) for one in STRATEGIES]
    ends = tuple("made" if isinstance(one, Prepared) else one.reason.value for one in found)
    assert ends == ENDS[request.node.callspec.params["ground"]]


@pytest.mark.parametrize("ground", ["diverged"], indirect=True)
def test_a_merge_commit_is_by_whoever_merges(ground: Ground) -> None:
    made = STRATEGIES["merge"].prepare(ground.directory, ground.merge)
    assert isinstance(made, Prepared)
    assert ground.git("cat-file", "-p", made.commit_id).splitlines()[1:] == [
        f"parent {ground.ids['main']}",
        f"parent {ground.ids['topic']}",
        "author Mel Merger <mel@example.org> 1767323046 +0000",
        "committer Mel Merger <mel@example.org> 1767323046 +0000",
        "",
        *MESSAGE.splitlines(),
    ]


@pytest.mark.parametrize("ground", ["diverged"], indirect=True)
def test_a_squashed_change_is_by_its_author(ground: Ground) -> None:
    made = STRATEGIES["squash"].prepare(ground.directory, ground.merge)
    assert isinstance(made, Prepared)
    assert ground.git("cat-file", "-p", made.commit_id).splitlines()[1:4] == [
        f"parent {ground.ids['main']}",
        "author Ada Author <ada@example.org> 1767323045 +0000",
        "committer Mel Merger <mel@example.org> 1767323046 +0000",
    ]


@pytest.mark.parametrize("ground", ["diverged"], indirect=True)
def test_a_rebase_says_what_became_of_each_commit(ground: Ground) -> None:
    made = STRATEGIES["rebase"].prepare(ground.directory, ground.merge)
    assert isinstance(made, Prepared)
    listed = ground.git("rev-list", "--reverse", f"{ground.ids['main']}..{made.commit_id}").split()
    assert made.rewritten == tuple(zip((ground.ids["one"], ground.ids["two"]), listed, strict=True))


@pytest.mark.parametrize("ground", ["fast-forward"], indirect=True)
@pytest.mark.parametrize("strategy", ["rebase", "fast-forward"])
def test_commits_that_stand_on_the_branch_keep_their_ids(ground: Ground, strategy: str) -> None:
    assert STRATEGIES[strategy].prepare(ground.directory, ground.merge) == Prepared(ground.ids["topic"])


@pytest.mark.parametrize("ground", ["conflict"], indirect=True)
def test_conflicts_are_told_in_gits_words(ground: Ground) -> None:
    stopped = STRATEGIES["merge"].prepare(ground.directory, ground.merge)
    assert isinstance(stopped, Stopped)
    assert stopped.conflicts is not None
    assert [(one.kind, one.paths) for one in stopped.conflicts.notes] == [
        ("contents", (b"a",)),
        ("modify/delete", (b"b",)),
        ("contents", (b"c",)),
    ]
    assert stopped.conflicts.notes[0].sentence == "CONFLICT (content): Merge conflict in a"


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("ground", ["diverged"], indirect=True)
def test_what_the_branch_has_already_is_not_merged_again(ground: Ground, strategy: str) -> None:
    merge = Merge(ground.ids["main"], ground.ids["root"], MESSAGE, ADA, MEL)
    found = STRATEGIES[strategy].prepare(ground.directory, merge)
    assert found == Stopped(StopReason.NOTHING_TO_MERGE)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("ground", ["diverged"], indirect=True)
def test_histories_without_a_common_commit_are_not_joined(ground: Ground, strategy: str) -> None:
    tree = ground.tree_of(ground.ids["topic"])
    settings = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    other = ground.git(*settings, "commit-tree", "-m", "elsewhere", tree).strip()
    merge = Merge(ground.ids["main"], other, MESSAGE, ADA, MEL)
    assert STRATEGIES[strategy].prepare(ground.directory, merge) == Stopped(StopReason.UNRELATED)
