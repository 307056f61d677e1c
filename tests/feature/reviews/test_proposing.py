"""A push to `refs/for/*` opens a change or adds a patch set to one; what cannot be is refused in words."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from hub.app import Hub
from hub.issues.models import Topic
from hub.reviews.models import Change, PatchSet, PatchSetFacts, Proposal
from tests.feature.repos.pushing import ZERO, Pusher, reasons

FOR_MAIN = "refs/for/main"
Rows = list[tuple[object, ...]]


def propose(
    pusher: Pusher, commit: str, ref: str = FOR_MAIN, options: Sequence[tuple[str, str]] = ()
) -> tuple[str, list[str]]:
    """The answer about the ref, and the lines that the pusher reads."""
    pusher.send()
    judgement = pusher.judge((ZERO, commit, ref), options=options)
    lines = pusher.record() if judgement.intent else []
    return reasons(judgement)[ref], [*judgement.lines, *lines]


def changes(hub: Hub) -> Rows:
    with hub.database.reading() as session:
        query = (
            select(Topic.number, Topic.title, Topic.state, Change.target, Change.patch_sets_count)
            .join(Change, Change.topic_id == Topic.id)
            .order_by(Topic.number)
        )
        return [tuple(row) for row in session.execute(query)]


def test_a_push_without_options_opens_a_change(bob: Pusher, hub: Hub) -> None:
    commit = bob.git.commit(bob.work, "Fix typo in README\n\nIt said teh.", {"README": "the\n"})
    answer, lines = propose(bob, commit)
    assert answer == "ok"
    assert lines == [
        "SUCCESS",
        "  Fix typo in README  [NEW]",
        "  http://hub/anna/demo/changes/1",
        "  1 commit, 1 file, +1 -0",
        "  Waiting for: a reviewer",
        "To update:",
        "  git commit --amend && git push origin HEAD:refs/for/main",
    ]
    assert changes(hub) == [(1, "Fix typo in README", "open", "main", 1)]
    refs = bob.refs()
    assert refs["refs/changes/1/1"] == refs["refs/pull/1/head"] == commit


def test_amending_and_pushing_again_makes_patch_set_2(bob: Pusher, hub: Hub) -> None:
    first = bob.git.commit(bob.work, "Fix typo", {"README": "the\n"})
    propose(bob, first)
    (bob.work / "README").write_text("The\n")
    bob.git.run("commit", "-qa", "--amend", "--no-edit", cwd=bob.work)
    second = bob.git.head(bob.work)
    answer, lines = propose(bob, second)
    assert answer == "ok"
    assert lines[1] == "  Fix typo  [PATCH-SET 2]"
    assert lines[4:6] == [
        "  What changed:",
        f"  git range-diff {first_base(hub)[:10]}..{first[:10]} {first_base(hub)[:10]}..{second[:10]}",
    ]
    assert changes(hub) == [(1, "Fix typo", "open", "main", 2)]
    assert bob.refs()["refs/pull/1/head"] == second
    assert bob.refs()["refs/changes/1/1"] == first


def first_base(hub: Hub) -> str:
    with hub.database.reading() as session:
        return session.scalars(select(PatchSet.base_id).order_by(PatchSet.id)).first() or ""


def test_a_rebase_is_said_to_be_one(anna: Pusher, bob: Pusher, hub: Hub) -> None:
    bob.git.run("switch", "-qc", "topic", cwd=bob.work)
    propose(bob, bob.git.commit(bob.work, "Fix typo", {"README": "the\n"}))
    bob.git.run("switch", "-q", "main", cwd=bob.work)
    old = bob.git.head(bob.work)
    new = bob.git.commit(bob.work, "Another", {"other": "x\n"})
    anna.push((old, new, "refs/heads/main"))
    bob.git.run("rebase", "-q", "main", "topic", cwd=bob.work)
    _, lines = propose(bob, bob.git.head(bob.work))
    assert lines[4] == "  A rebase: it changes what it changed before, on another base."
    with hub.database.reading() as session:
        assert list(session.scalars(select(PatchSetFacts.is_rebase))) == [False, True]


def test_an_older_base_is_taken_and_noted(anna: Pusher, bob: Pusher) -> None:
    bob.git.run("switch", "-qc", "topic", cwd=bob.work)
    commit = bob.git.commit(bob.work, "Fix typo", {"README": "the\n"})
    bob.git.run("switch", "-q", "main", cwd=bob.work)
    old = bob.git.head(bob.work)
    anna.push((old, bob.git.commit(bob.work, "Another", {"other": "x\n"}), "refs/heads/main"))
    answer, lines = propose(bob, commit)
    assert answer == "ok"
    assert lines[5] == "  'main' has moved on since; that is fine."


@pytest.mark.parametrize(
    ("ref", "options", "expected"),
    [
        ("refs/for/main/typo", [], ("typo", False)),
        ("refs/for/main%topic=typo,wip", [], ("typo", True)),
        ("refs/for/main", [("topic", "typo"), ("draft", "")], ("typo", True)),
        ("refs/for/main", [("merge_request.draft", "true")], ("", True)),
        ("refs/for/refs/heads/main", [("force-push", "true")], ("", False)),
    ],
)
def test_options_are_taken_in_every_form(
    bob: Pusher, hub: Hub, ref: str, options: Sequence[tuple[str, str]], expected: tuple[str, bool]
) -> None:
    answer, _ = propose(bob, bob.git.commit(bob.work, "Fix"), ref, options)
    assert answer == "ok"
    with hub.database.reading() as session:
        row = session.execute(
            select(Change.name, Topic.is_draft).join(Topic, Topic.id == Change.topic_id)
        ).one()
    assert tuple(row) == expected


def test_title_description_and_reviewers_come_from_options(bob: Pusher, anna: Pusher, hub: Hub) -> None:
    commit = bob.git.commit(bob.work, "Fix")
    options = [("title", "Another title"), ("description", "One\\nTwo"), ("reviewer", "anna")]
    _, lines = propose(bob, commit, options=options)
    assert lines[1] == "  Another title  [NEW]"
    assert lines[4] == "  Waiting for: anna"
    with hub.database.reading() as session:
        assert session.execute(select(Topic.title, Topic.description)).one() == ("Another title", "One\nTwo")


@pytest.mark.parametrize(
    ("ref", "options", "reason", "line"),
    [
        (
            "refs/for/mian",
            [],
            "no such branch",
            "There is no branch 'mian' in anna/demo; the nearest: 'main'.",
        ),
        ("refs/for/main", [("change", "7")], "no such change", "There is no change 7 here."),
        ("refs/for/main", [("change", "x")], "not understood", "The option change takes a change's number"),
        ("refs/for/main", [("reviewer", "zoe")], "no such reviewer", "Nobody called 'zoe' reads anna/demo."),
    ],
)
def test_what_cannot_be_is_refused_with_the_next_step(
    bob: Pusher, ref: str, options: Sequence[tuple[str, str]], reason: str, line: str
) -> None:
    answer, lines = propose(bob, bob.git.commit(bob.work, "Fix"), ref, options)
    assert answer == reason
    assert lines[0].startswith(line)


def test_nothing_new_a_merge_and_an_unrelated_history_are_refused(bob: Pusher, hub: Hub) -> None:
    git, work = bob.git, bob.work
    assert propose(bob, git.head(work))[0] == "nothing new"
    git.run("switch", "-qc", "side", cwd=work)
    git.commit(work, "Side", {"side": "x\n"})
    git.run("switch", "-qc", "top", "main", cwd=work)
    git.commit(work, "Top", {"top": "x\n"})
    git.run("merge", "-q", "--no-ff", "-m", "Join", "side", cwd=work)
    answer, lines = propose(bob, git.head(work))
    assert answer == "merge commit in the series"
    assert lines[1] == "Propose without it: git rebase origin/main && git push origin HEAD:refs/for/main"
    git.run("switch", "-q", "--orphan", "alone", cwd=work)
    assert propose(bob, git.commit(work, "Alone"))[0] == "unrelated history"
    assert changes(hub) == []


def test_a_change_id_finds_its_change_whatever_else_changed(bob: Pusher, hub: Hub) -> None:
    key = "I" + "0" * 40
    git, work = bob.git, bob.work
    propose(bob, git.commit(work, f"One title\n\nChange-Id: {key}"))
    git.run("reset", "-q", "--hard", "HEAD~", cwd=work)
    _, lines = propose(bob, git.commit(work, f"Another\n\nChange-Id: {key}", {"b": "b\n"}))
    assert lines[1] == "  One title  [PATCH-SET 2]"
    assert changes(hub) == [(1, "One title", "open", "main", 2)]


def test_several_that_it_could_be_are_listed(bob: Pusher, hub: Hub) -> None:
    git, work = bob.git, bob.work
    for name in ("a", "b"):
        git.run("reset", "-q", "--hard", "main", cwd=work)
        git.run("switch", "-qC", name, bob.refs()["refs/heads/main"], cwd=work)
        propose(bob, git.commit(work, "Same", {name: "x\n"}), options=[("new", "")])
    git.run("switch", "-qC", "c", bob.refs()["refs/heads/main"], cwd=work)
    answer, lines = propose(bob, git.commit(work, "Same", {"c": "x\n"}))
    assert answer == "which change?"
    assert lines == [
        "This could be another patch set of 2 changes:",
        "  #2  Same",
        "  #1  Same",
        "Say which one with -o change=N, or open another with -o new.",
    ]
    answer, _ = propose(bob, git.head(work), options=[("change", "1")])
    assert answer == "ok"
    assert [row[4] for row in changes(hub)] == [2, 1]


def test_only_the_author_and_maintainers_add_patch_sets(
    bob: Pusher, anna: Pusher, pusher_as: object, hub: Hub
) -> None:
    propose(bob, bob.git.commit(bob.work, "Fix"))
    carl = pusher_as("carl")  # type: ignore[operator]
    commit = bob.git.commit(bob.work, "More")
    answer, lines = propose(carl, commit, options=[("change", "1")])
    assert answer == "not your change"
    assert lines[-1] == "  http://hub/anna/demo/changes/1"
    assert propose(anna, commit, options=[("change", "1")])[0] == "ok"


def test_a_proposal_that_cannot_be_recorded_holds_nobody_up(bob: Pusher, hub: Hub) -> None:
    """A record that failed each time would leave its push, and all that come after it, without one."""
    propose(bob, bob.git.commit(bob.work, "Fix"))
    commit = bob.git.commit(bob.work, "Fix")
    bob.send()
    bob.judge((ZERO, commit, FOR_MAIN))
    with hub.database.writing() as session:
        row = session.scalars(select(Proposal)).one()
        row.said = {**row.said, "patch_set": 1}
    lines = bob.record()
    assert lines == [
        "refs/changes/1/1 was stored and is no patch set (patchset: this hub has used that number)."
    ]
    assert changes(hub) == [(1, "Fix", "open", "main", 1)]
