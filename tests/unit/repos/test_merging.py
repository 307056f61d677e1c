"""Whether histories can be joined is told without a trace; patch ids are those of git."""

import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from hub.repos.git.commit_writing import compose_commit, compose_copy
from hub.repos.git.loans import lend
from hub.repos.git.merge_records import Clean, Merge, Prepared, Stopped, StopReason
from hub.repos.git.merging import check_merge, make_merge
from hub.repos.git.patch_ids import find_patch_ids, find_range_patch_id
from hub.repos.git.rebasing import make_rebase
from hub.repos.git.writing import Signature
from tests.merge_histories import make_history

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MEL = Signature("Mel", "mel@example.org", AT)


def git(directory: Path, *arguments: str, stdin: bytes = b"") -> str:
    command = ["git", "-C", str(directory), *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout.decode()


def files_of(directory: Path) -> list[Path]:
    return sorted(directory.rglob("*"))


@pytest.mark.parametrize(
    ("shape", "answer"),
    [
        ("fast-forward", "fast-forward"),
        ("diverged", "clean"),
        ("merge commits", "clean"),
        ("empty", "clean"),
        ("conflict", "a b c"),
        ("rename", "place/added"),
        ("binary", "logo"),
    ],
)
def test_whether_it_can_be_merged_is_told_without_a_trace(tmp_path: Path, shape: str, answer: str) -> None:
    ids = make_history(tmp_path / "bare.git", shape)
    before = files_of(tmp_path)
    found = check_merge(tmp_path / "bare.git", ids["main"], ids["topic"])
    if isinstance(found, Clean):
        assert answer == ("fast-forward" if found.is_fast_forward else "clean")
    else:
        assert found.conflicts is not None
        assert b" ".join(found.conflicts.paths).decode() == answer
    assert files_of(tmp_path) == before


@pytest.mark.parametrize("make", [make_merge, make_rebase])
def test_what_stops_leaves_nothing_behind(tmp_path: Path, make: object) -> None:
    ids = make_history(tmp_path / "bare.git", "binary")
    before = files_of(tmp_path / "bare.git" / "objects")
    assert callable(make)
    stopped = make(tmp_path / "bare.git", Merge(ids["main"], ids["topic"], "joined", MEL, MEL))
    assert isinstance(stopped, Stopped)
    assert stopped.reason is StopReason.CONFLICTS
    assert files_of(tmp_path / "bare.git" / "objects") == before


def test_what_is_made_is_one_pack(tmp_path: Path) -> None:
    ids = make_history(tmp_path / "bare.git", "diverged")
    before = files_of(tmp_path / "bare.git" / "objects")
    made = make_rebase(tmp_path / "bare.git", Merge(ids["main"], ids["topic"], "", MEL, MEL))
    assert isinstance(made, Prepared)
    new = set(files_of(tmp_path / "bare.git" / "objects")) - set(before)
    assert {one.name for one in new} >= {f"{made.pack}.pack", f"{made.pack}.idx"}
    assert {one.stem for one in new} == {made.pack}
    # Two commits and two trees, and the file that both sides changed; nothing of what it took to make them.
    assert git(tmp_path / "bare.git", "count-objects", "-v").count("in-pack: ") == 1
    listed = git(tmp_path / "bare.git", "verify-pack", "-v", f"objects/pack/{made.pack}.idx")
    assert sorted(line.split()[1] for line in listed.splitlines() if line[40:41] == " ") == [
        "blob", "commit", "commit", "tree", "tree",
    ]  # fmt: skip


def test_a_repository_that_borrows_merges_as_well(tmp_path: Path) -> None:
    ids = make_history(tmp_path / "lender.git", "diverged")
    git(tmp_path, "init", "-q", "--bare", "fork.git")
    lend(tmp_path / "fork.git", tmp_path / "lender.git")
    assert check_merge(tmp_path / "fork.git", ids["main"], ids["topic"]) == check_merge(
        tmp_path / "lender.git", ids["main"], ids["topic"]
    )
    made = make_rebase(tmp_path / "fork.git", Merge(ids["main"], ids["topic"], "", MEL, MEL))
    assert isinstance(made, Prepared)
    git(tmp_path / "fork.git", "rev-list", "--objects", made.commit_id)


def test_patch_ids_are_those_of_git(tmp_path: Path) -> None:
    directory = tmp_path / "bare.git"
    ids = make_history(directory, "merge commits")
    found = find_patch_ids(directory, [ids[name] for name in ("root", "one", "joined", "two")])
    shown = git(directory, "log", "-p", "--full-index", "--no-renames", "--no-merges", "topic")
    theirs = dict(
        reversed(line.split())
        for line in git(directory, "patch-id", "--stable", stdin=shown.encode()).splitlines()
    )
    assert found == {ids[name]: theirs[ids[name]] for name in ("root", "one", "two")}


@pytest.mark.parametrize("shape", ["diverged", "binary"])
def test_a_rebased_commit_has_the_patch_id_it_had(tmp_path: Path, shape: str) -> None:
    directory = tmp_path / "bare.git"
    ids = make_history(directory, shape)
    made = make_rebase(directory, Merge(ids["main"], ids["one"], "", MEL, MEL))
    assert isinstance(made, Prepared)
    (old, new), *_ = made.rewritten
    found = find_patch_ids(directory, [old, new])
    assert found[old] == found[new]


def test_a_squashed_change_has_the_patch_id_of_its_range(tmp_path: Path) -> None:
    directory = tmp_path / "bare.git"
    ids = make_history(directory, "diverged")
    tree = git(directory, "rev-parse", "topic^{tree}").strip()
    made = compose_commit(tree, [ids["root"]], author=MEL, committer=MEL, message="all of it")
    squashed = git(directory, "hash-object", "-t", "commit", "-w", "--stdin", stdin=made).strip()
    assert (
        find_range_patch_id(directory, ids["root"], ids["topic"])
        == find_patch_ids(directory, [squashed])[squashed]
    )
    assert find_range_patch_id(directory, ids["root"], ids["root"]) is None
    assert find_patch_ids(directory, []) == {}


@pytest.mark.parametrize(
    ("signature", "written"),
    [
        (Signature("Ada", "a@b.example", AT), b"Ada <a@b.example> 1767323045 +0000"),
        (Signature(" A <d>\na. ", "a\n@<b>.example", AT), b"A da <a@b.example> 1767323045 +0000"),
        (Signature("", "a@b.example", AT), b"a@b.example <a@b.example> 1767323045 +0000"),
        (Signature("...", "", AT), b"unknown <> 1767323045 +0000"),
        (
            Signature("Åsa", "a@b.example", AT.astimezone(timezone(timedelta(hours=-3, minutes=-30)))),
            "Åsa <a@b.example> 1767323045 -0330".encode(),
        ),
    ],
)
def test_people_are_written_as_git_writes_them(signature: Signature, written: bytes) -> None:
    made = compose_commit("1" * 40, [], author=signature, committer=MEL, message="a")
    assert made.splitlines()[1] == b"author " + written


def test_a_message_ends_with_one_line_feed_and_has_no_others_line_ends() -> None:
    made = compose_commit("1" * 40, [], author=MEL, committer=MEL, message="\r\na  \r\n\r\nb\0\r\n\r\n")
    assert made.partition(b"\n\n")[2] == b"a\n\nb\n"


def test_a_copy_keeps_author_and_message_and_loses_what_would_not_hold() -> None:
    data = (
        b"tree 2\nparent 3\nauthor \xc5sa <a@b> 1 -0330\ncommitter Bo <b@b> 2 +0000\nencoding latin1\n"
        b"gpgsig -----BEGIN\n author x\n -----END\nchange-id abc\n\nT\xe4xt\n\n\nend"
    )
    made = compose_copy(data, "4" * 40, ["5" * 40], committer=MEL)
    assert made.decode() == (
        f"tree {'4' * 40}\nparent {'5' * 40}\nauthor Åsa <a@b> 1 -0330\n"
        "committer Mel <mel@example.org> 1767323045 +0000\nchange-id abc\n\nTäxt\n\n\nend"
    )


def test_text_that_is_not_what_it_says_is_copied_as_it_is() -> None:
    data = b"tree 2\nauthor A <a@b> 1 +0000\ncommitter B <b@b> 2 +0000\nencoding utf-8\n\nT\xe4xt"
    made = compose_copy(data, "4" * 40, [], committer=MEL)
    assert made.endswith(b"\nencoding utf-8\n\nT\xe4xt")
