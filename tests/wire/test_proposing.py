"""Proposing by `git push origin HEAD:refs/for/main`: what is printed, which change it is, what it leaves."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from hub.access import Role
from tests.git_client import GitClient
from tests.served import Person
from tests.wire.proposals import proposals, remote_lines, updated
from tests.wire.records import logged_refs, refs_on_disk
from tests.wire.ways import Way

FOR_MAIN = "HEAD:refs/for/main"
HOW_TO_UPDATE = ["To update:", "  git commit --amend && git push origin HEAD:refs/for/main"]


@pytest.fixture
def clone(his: GitClient, way: Way, path: str, work: Path, ben: Person) -> Path:
    """Ben's clone of Anna's public repository, in which he has no role."""
    his.clone(way.url(path, ben))
    return his.folder / "clone"


def change_url(way: Way, path: str, number: int) -> str:
    return f"{way.served.http}/{path}/changes/{number}"


def test_a_push_without_options_opens_a_change(his: GitClient, way: Way, path: str, clone: Path) -> None:
    commit = his.commit(clone, "Fix typo in README\n\nIt said teh.", {"README": "the\n"})

    pushed = his.push(clone, "origin", FOR_MAIN)

    assert remote_lines(pushed) == [
        "SUCCESS",
        "  Fix typo in README  [NEW]",
        f"  {change_url(way, path, 1)}",
        "  1 commit, 1 file, +1 -0",
        "  Waiting for: a reviewer",
        *HOW_TO_UPDATE,
    ]
    assert updated(pushed) == ["* [new reference] HEAD -> refs/changes/1/1"]
    [change] = proposals(way.served, path)
    assert (change.title, change.description) == ("Fix typo in README", "It said teh.")
    assert (change.state, change.is_draft, change.target, change.name) == ("open", False, "main", "")
    assert change.patch_sets == (commit,)
    refs = refs_on_disk(his, way.served.git_directory(path))
    assert refs == logged_refs(way.served, path)
    assert refs == {
        "refs/heads/main": refs["refs/heads/main"],
        "refs/changes/1/1": commit,
        "refs/pull/1/head": commit,
    }


def test_amending_and_pushing_again_makes_patch_set_2(
    his: GitClient, way: Way, path: str, clone: Path
) -> None:
    base = his.head(clone)
    first = his.commit(clone, "Fix typo", {"README": "the\n"})
    his.push(clone, "origin", FOR_MAIN)
    (clone / "README").write_text("The\n")
    his.run("commit", "-qa", "--amend", "--no-edit", cwd=clone)
    second = his.head(clone)

    pushed = his.push(clone, "origin", FOR_MAIN)

    assert remote_lines(pushed) == [
        "SUCCESS",
        "  Fix typo  [PATCH-SET 2]",
        f"  {change_url(way, path, 1)}",
        "  1 commit, 1 file, +1 -0",
        "  What changed:",
        f"  git range-diff {base[:10]}..{first[:10]} {base[:10]}..{second[:10]}",
        *HOW_TO_UPDATE,
    ]
    assert updated(pushed) == ["* [new reference] HEAD -> refs/changes/1/2"]
    [change] = proposals(way.served, path)
    assert change.patch_sets == (first, second)
    refs = refs_on_disk(his, way.served.git_directory(path))
    assert (refs["refs/changes/1/1"], refs["refs/pull/1/head"]) == (first, second)
    assert his.run("range-diff", f"{base}..{first}", f"{base}..{second}", cwd=clone).ok


def test_a_rebase_is_said_to_be_one(
    hers: GitClient, his: GitClient, way: Way, path: str, work: Path, clone: Path
) -> None:
    his.commit(clone, "Fix typo", {"README": "the\n"})
    his.push(clone, "origin", FOR_MAIN)
    hers.commit(work, "Elsewhere", {"other": "x\n"})
    hers.push(work, "origin", "main")
    his.run("pull", "-q", "--rebase", cwd=clone)

    lines = remote_lines(his.push(clone, "origin", FOR_MAIN))

    assert lines[1] == "  Fix typo  [PATCH-SET 2]"
    assert lines[4] == "  A rebase: it changes what it changed before, on another base."


def test_an_older_base_is_taken_and_the_pusher_told(
    hers: GitClient, his: GitClient, way: Way, path: str, work: Path, clone: Path
) -> None:
    hers.commit(work, "Elsewhere", {"other": "x\n"})
    hers.push(work, "origin", "main")
    his.commit(clone, "Fix typo", {"README": "the\n"})

    lines = remote_lines(his.push(clone, "origin", FOR_MAIN))

    assert lines[1] == "  Fix typo  [NEW]"
    assert lines[5] == "  'main' has moved on since; that is fine."


def test_a_series_is_one_change_with_its_commits(his: GitClient, way: Way, path: str, clone: Path) -> None:
    his.commit(clone, "Add a file", {"a": "1\n"})
    his.commit(clone, "Add another file", {"b": "1\n2\n"})

    lines = remote_lines(his.push(clone, "origin", FOR_MAIN))

    assert lines[1] == "  Add another file  [NEW]"
    assert lines[3] == "  2 commits, 2 files, +3 -0"
    [change] = proposals(way.served, path)
    assert change.description == "- Add a file\n- Add another file"


@pytest.mark.parametrize(
    ("ref", "options", "expected"),
    [
        ("refs/for/main/typo", [], ("typo", False, ())),
        ("refs/for/main%topic=typo,wip", [], ("typo", True, ())),
        ("refs/for/main/typo%wip", [], ("typo", True, ())),
        ("refs/for/refs/heads/main", [], ("", False, ())),
        ("refs/for/main", ["topic=typo", "draft"], ("typo", True, ())),
        ("refs/for/main", ["merge_request.draft", "merge_request.unassign=x"], ("", True, ())),
        ("refs/for/main", ["force-push=true", "ci.skip"], ("", False, ())),
    ],
)
def test_options_are_taken_in_every_form(
    his: GitClient, way: Way, path: str, clone: Path, ref: str, options: list[str], expected: tuple[str, bool]
) -> None:
    his.commit(clone, "Fix")

    pushed = his.push(clone, *(f"--push-option={one}" for one in options), "origin", f"HEAD:{ref}")

    assert updated(pushed) == ["* [new reference] HEAD -> refs/changes/1/1"]
    [change] = proposals(way.served, path)
    assert (change.name, change.is_draft, change.reviewers) == expected


def test_title_description_and_reviewers_come_from_options(
    his: GitClient, way: Way, path: str, clone: Path, anna: Person
) -> None:
    his.commit(clone, "Fix")
    options = ("title=Another title", "description=One\\nTwo", f"reviewer={anna.name}")

    lines = remote_lines(
        his.push(clone, *(part for one in options for part in ("-o", one)), "origin", FOR_MAIN)
    )

    assert lines[1] == "  Another title  [NEW]"
    assert lines[4] == f"  Waiting for: {anna.name}"
    [change] = proposals(way.served, path)
    assert (change.title, change.description) == ("Another title", "One\nTwo")
    assert change.reviewers == (anna.name,)


def test_gerrits_form_asks_a_reviewer_and_says_that_it_is_a_draft(
    his: GitClient, way: Way, path: str, clone: Path, anna: Person
) -> None:
    his.commit(clone, "Fix")

    lines = remote_lines(his.push(clone, "origin", f"{FOR_MAIN}%topic=typo,r={anna.name},wip"))

    assert lines[1] == "  Fix  [NEW, DRAFT]"
    assert lines[4] == "  It is a draft: nobody is asked yet."
    [change] = proposals(way.served, path)
    assert (change.name, change.is_draft, change.reviewers) == ("typo", True, (anna.name,))


def test_the_longest_branch_is_the_target_and_the_rest_the_topic(
    hers: GitClient, his: GitClient, way: Way, path: str, work: Path, clone: Path
) -> None:
    hers.push(work, "origin", "main:rel/1.0", "main:rel/1.0-next")
    his.commit(clone, "Fix")

    pushed = his.push(clone, "origin", "HEAD:refs/for/rel/1.0/typo/in/readme")

    assert remote_lines(pushed)[-1] == "  git commit --amend && git push origin HEAD:refs/for/rel/1.0"
    [change] = proposals(way.served, path)
    assert (change.target, change.name) == ("rel/1.0", "typo/in/readme")


def test_a_draft_is_made_ready_by_the_next_push(his: GitClient, way: Way, path: str, clone: Path) -> None:
    his.commit(clone, "Fix", {"README": "the\n"})
    his.push(clone, "-o", "draft", "origin", FOR_MAIN)
    (clone / "README").write_text("The\n")
    his.run("commit", "-qa", "--amend", "--no-edit", cwd=clone)

    his.push(clone, "-o", "ready", "origin", FOR_MAIN)

    [change] = proposals(way.served, path)
    assert (change.is_draft, len(change.patch_sets)) == (False, 2)


def test_change_names_the_change_whatever_is_pushed(his: GitClient, way: Way, path: str, clone: Path) -> None:
    his.commit(clone, "One thing", {"a": "1\n"})
    his.push(clone, "origin", FOR_MAIN)
    his.run("reset", "-q", "--hard", "HEAD~", cwd=clone)
    other = his.commit(clone, "Quite another thing", {"b": "2\n"})

    lines = remote_lines(his.push(clone, "-o", "change=1", "origin", FOR_MAIN))

    assert lines[1] == "  One thing  [PATCH-SET 2]"
    assert proposals(way.served, path)[0].patch_sets[1] == other


def test_a_change_id_names_the_change_whatever_it_changes(
    his: GitClient, way: Way, path: str, clone: Path
) -> None:
    trailer = f"Change-Id: I{'a1' * 20}"
    his.commit(clone, f"One thing\n\n{trailer}", {"a": "1\n"})
    his.push(clone, "origin", FOR_MAIN)
    his.run("reset", "-q", "--hard", "HEAD~", cwd=clone)
    his.commit(clone, f"Quite another thing\n\n{trailer}", {"b": "2\n"})

    lines = remote_lines(his.push(clone, "origin", FOR_MAIN))

    assert lines[1].endswith("  [PATCH-SET 2]")
    assert len(proposals(way.served, path)) == 1


def test_the_same_patch_under_another_subject_is_the_same_change(
    his: GitClient, way: Way, path: str, clone: Path
) -> None:
    his.commit(clone, "Fix typo", {"README": "the\n"})
    his.push(clone, "origin", FOR_MAIN)
    his.run("commit", "-q", "--amend", "-m", "Spell it right", cwd=clone)

    lines = remote_lines(his.push(clone, "origin", FOR_MAIN))

    assert lines[1].endswith("  [PATCH-SET 2]")
    assert lines[4] == "  What changed:"


def test_something_else_is_another_change(his: GitClient, way: Way, path: str, clone: Path) -> None:
    his.commit(clone, "One thing", {"a": "1\n"})
    his.push(clone, "origin", FOR_MAIN)
    his.run("reset", "-q", "--hard", "HEAD~", cwd=clone)
    his.commit(clone, "Another thing", {"b": "2\n"})

    pushed = his.push(clone, "origin", FOR_MAIN)

    assert updated(pushed) == ["* [new reference] HEAD -> refs/changes/2/1"]
    assert [one.number for one in proposals(way.served, path)] == [1, 2]


def test_new_opens_another_change_of_the_same(his: GitClient, way: Way, path: str, clone: Path) -> None:
    his.commit(clone, "One thing", {"a": "1\n"})
    his.push(clone, "origin", FOR_MAIN)

    pushed = his.push(clone, "-o", "new", "origin", FOR_MAIN)

    assert updated(pushed) == ["* [new reference] HEAD -> refs/changes/2/1"]


def test_a_maintainer_adds_a_patch_set_to_anybodys_change(
    hers: GitClient, his: GitClient, way: Way, path: str, work: Path, clone: Path
) -> None:
    his.commit(clone, "Fix typo", {"README": "the\n"})
    his.push(clone, "origin", FOR_MAIN)
    hers.commit(work, "Fix typo better", {"README": "The\n"})

    lines = remote_lines(hers.push(work, "-o", "change=1", "origin", FOR_MAIN))

    assert lines[1] == "  Fix typo  [PATCH-SET 2]"


def test_a_branch_and_a_proposal_go_in_one_push(hers: GitClient, way: Way, path: str, work: Path) -> None:
    commit = hers.commit(work, "Fix typo", {"README": "the\n"})

    pushed = hers.push(work, "origin", "HEAD:refs/heads/typo", FOR_MAIN)

    assert updated(pushed) == [
        "* [new branch] HEAD -> typo",
        "* [new reference] HEAD -> refs/changes/1/1",
    ]
    refs = refs_on_disk(hers, way.served.git_directory(path))
    assert refs["refs/heads/typo"] == refs["refs/changes/1/1"] == commit


def test_many_who_propose_at_once_get_a_change_each(way: Way, path: str, work: Path, tmp_path: Path) -> None:
    def propose(number: int) -> list[str]:
        person = way.served.person()
        theirs = way.client(tmp_path / f"person-{number}", person)
        theirs.clone(way.url(path, person))
        theirs.commit(theirs.folder / "clone", "Fix typo", {f"file-{number}": "the\n"})
        together.wait()
        return updated(theirs.push(theirs.folder / "clone", "origin", FOR_MAIN))

    together = Barrier(6)
    with ThreadPoolExecutor(6) as pool:
        told = sorted(line for lines in pool.map(propose, range(6)) for line in lines)

    assert told == [f"* [new reference] HEAD -> refs/changes/{number}/1" for number in range(1, 7)]
    assert [one.number for one in proposals(way.served, path)] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("role", [Role.READ, Role.PROPOSE])
def test_whoever_may_propose_in_a_private_repository_does(
    hers: GitClient, way: Way, anna: Person, role: Role, tmp_path: Path
) -> None:
    path, person = way.served.repository(anna, private=True), way.served.person()
    way.served.grant(path, person, role)
    work = hers.init()
    hers.commit(work)
    hers.push(work, way.url(path, anna), "main")
    theirs = way.client(tmp_path / "theirs", person)
    theirs.clone(way.url(path, person))
    theirs.commit(theirs.folder / "clone", "Fix")

    pushed = theirs.push(theirs.folder / "clone", "origin", FOR_MAIN, check=False)

    assert pushed.ok == (role is Role.PROPOSE), pushed.text
    assert len(proposals(way.served, path)) == (role is Role.PROPOSE)
