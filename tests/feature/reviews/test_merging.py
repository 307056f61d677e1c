"""A change is merged: by each strategy, with its message and entry; what is not ready is refused in words."""

import subprocess
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import select

from hub.access import Role
from hub.app import Hub
from hub.errors import Forbidden
from hub.issues.models import TopicState
from hub.repos.models import Collaborator, Repository
from hub.reviews import actions
from hub.reviews.changes import get_change
from hub.reviews.merging import NotMergeable
from hub.reviews.models import VerdictValue
from hub.reviews.standing import examine
from tests.factories import SYSTEM
from tests.feature.repos.pushing import ZERO, Pusher
from tests.feature.reviews.merging_ground import (
    DEMO,
    FOR_MAIN,
    MAIN,
    diverge,
    merge,
    merged,
    propose,
    review,
    set_rule,
)


def log_of(pusher: Pusher, *commits: str, form: str = "%B") -> str:
    return pusher.run(pusher.directory, "log", f"--format={form}", *commits).decode()


@pytest.fixture
def mei(anna: Pusher, pusher_as: Callable[..., Pusher]) -> Pusher:
    """Somebody who may write."""
    return pusher_as("mei", Role.WRITE)


@pytest.mark.parametrize("strategy", ["merge", "squash", "rebase"])
def test_a_change_is_merged_by_each_strategy(anna: Pusher, bob: Pusher, hub: Hub, strategy: str) -> None:
    source, main = diverge(anna, bob)
    made = merge(hub, anna.viewer, strategy=strategy)
    assert anna.refs()[MAIN] == made
    assert merged(hub) == (TopicState.MERGED, strategy, made)
    parents = log_of(anna, "-1", made, form="%P").split()
    assert parents == ([main, source] if strategy == "merge" else [main])
    listed = anna.run(anna.directory, "ls-tree", "--name-only", made).decode().split()
    assert listed == ["README", "file", "other"]
    subprocess.run(["git", "-C", str(anna.directory), "fsck", "--strict"], check=True, capture_output=True)


def test_a_fast_forward_keeps_the_commits(anna: Pusher, bob: Pusher, hub: Hub) -> None:
    source = propose(bob, "Fix typo", {"README": "the\n"})
    assert merge(hub, anna.viewer, strategy="fast-forward") == source
    assert merged(hub) == (TopicState.MERGED, "fast-forward", source)


def test_the_message_names_number_reviewers_and_link(
    anna: Pusher, bob: Pusher, mei: Pusher, hub: Hub
) -> None:
    diverge(anna, bob)
    review(hub, mei.viewer)
    made = merge(hub, anna.viewer)
    assert log_of(anna, "-1", made) == (
        "Fix typo (#1)\n\nIt said teh.\n\nReviewed-by: mei <mei@noreply.hub>\n"
        "Change-Id: I0123456789abcdef\nLink: http://hub/anna/demo/changes/1\n\n"
    )


def test_a_squash_is_by_the_first_author_and_names_the_others(anna: Pusher, bob: Pusher, hub: Hub) -> None:
    bob.git.commit(bob.work, "One", {"one": "1\n"})
    bob.git.environment["GIT_AUTHOR_NAME"] = "Cleo"
    propose(bob, "Two", {"two": "2\n"})
    made = merge(hub, anna.viewer, strategy="squash", message="Both\n\nIn one.")
    assert log_of(anna, "-1", made, form="%an, %cn%n%B") == (
        "Test Person, anna\nBoth\n\nIn one.\n\nCo-authored-by: Cleo <test.person@example.org>\n\n"
    )


REFUSALS: Sequence[tuple[str, str]] = (
    ("draft", "It is a draft. Mark it as ready first."),
    ("closed", "It is closed. Reopen it first."),
    ("conflict", "It conflicts with main in README. Rebase the change and push it again."),
    ("approvals", "It has 0 of 1 approvals."),
    ("objection", "Asked for by mei (1), who can say otherwise in a new review."),
    ("moved", "A new patch set arrived while you were looking."),
)


@pytest.mark.parametrize(("case", "words"), REFUSALS)
def test_what_is_not_ready_is_refused_in_words(
    anna: Pusher, bob: Pusher, mei: Pusher, hub: Hub, repository: Repository, case: str, words: str
) -> None:
    diverge(anna, bob)
    before = anna.refs()[MAIN]
    order: dict[str, object] = {}
    with hub.database.writing() as session:
        opened = get_change(session, anna.viewer, DEMO, 1)
        if case == "draft":
            actions.set_draft(session, anna.viewer, opened, is_draft=True)
        if case == "closed":
            actions.close(session, anna.viewer, opened)
    if case == "conflict":
        new = anna.git.commit(anna.work, "Other words", {"README": "other\n"})
        anna.push((before, new, MAIN))
        before = new
    if case == "approvals":
        set_rule(hub, repository, approvals_needed=1)
    if case == "objection":
        review(hub, mei.viewer, VerdictValue.REQUEST_CHANGES)
    if case == "moved":
        order["commit_id"] = before
    with pytest.raises(NotMergeable) as refused:
        merge(hub, anna.viewer, **order)
    assert str(refused.value.why) == words
    assert anna.refs()[MAIN] == before


@pytest.mark.parametrize("who", ["bob", "mei"])
def test_only_maintainers_merge(anna: Pusher, bob: Pusher, mei: Pusher, hub: Hub, who: str) -> None:
    diverge(anna, bob)
    with pytest.raises(Forbidden):
        merge(hub, {"bob": bob, "mei": mei}[who].viewer)


def test_a_merged_change_is_not_merged_again(anna: Pusher, bob: Pusher, hub: Hub) -> None:
    diverge(anna, bob)
    merge(hub, anna.viewer)
    with pytest.raises(NotMergeable, match="merged already"):
        merge(hub, anna.viewer)


def test_an_approval_stays_over_a_rebase_and_falls_with_other_content(
    anna: Pusher, bob: Pusher, mei: Pusher, hub: Hub, repository: Repository
) -> None:
    diverge(anna, bob)
    set_rule(hub, repository, approvals_needed=1, needs_change=True)
    review(hub, mei.viewer)
    bob.git.run("rebase", "-q", "main", "topic", cwd=bob.work)
    push_again(bob)
    assert unmet(hub) == []
    bob.git.commit(bob.work, "x", {"README": "this\n"})
    bob.git.run("reset", "-q", "--soft", "HEAD~1", cwd=bob.work)
    bob.git.run("commit", "-q", "--amend", "--no-edit", cwd=bob.work)
    push_again(bob)
    assert unmet(hub) == ["It has 0 of 1 approvals. It changed since it was approved by mei (1)."]


def push_again(pusher: Pusher) -> None:
    pusher.send()
    pusher.judge((ZERO, pusher.git.head(pusher.work), FOR_MAIN))
    pusher.record()


def unmet(hub: Hub, number: int = 1) -> list[str]:
    with hub.database.reading() as session:
        return [str(one.reason) for one in examine(session, get_change(session, SYSTEM, DEMO, number)).unmet]


def test_a_sole_maintainer_merges_their_own_where_approval_is_needed(
    anna: Pusher, hub: Hub, repository: Repository
) -> None:
    with hub.database.writing() as session:
        for one in session.scalars(select(Collaborator)):
            session.delete(one)
    set_rule(hub, repository, approvals_needed=1, needs_change=True)
    propose(anna, "Mine")
    made = merge(hub, anna.viewer)
    assert anna.refs()[MAIN] == made


def test_under_changes_required_only_a_change_arrives(
    anna: Pusher, bob: Pusher, hub: Hub, repository: Repository
) -> None:
    _, main = diverge(anna, bob)
    set_rule(hub, repository, needs_change=True)
    direct = anna.git.commit(anna.work, "Direct")
    anna.send()
    assert "protected branch" in str(anna.judge((main, direct, MAIN)).answers)
    made = merge(hub, anna.viewer)
    assert anna.refs()[MAIN] == made


@pytest.mark.parametrize(
    ("commands", "is_admitted"),
    [
        (("merge --no-ff -m joined topic",), True),
        (("merge --squash topic", "commit -m all"), True),
        (("cherry-pick topic",), True),
        (("merge --no-ff -m joined topic", "commit --allow-empty -m besides"), False),
        (("merge --no-ff --no-commit topic", "rm -q other", "commit -m evil"), False),
    ],
)
def test_a_maintainer_pushes_the_commits_of_a_change_that_is_ready(
    anna: Pusher, bob: Pusher, hub: Hub, repository: Repository, commands: Sequence[str], is_admitted: bool
) -> None:
    _, main = diverge(anna, bob)
    set_rule(hub, repository, needs_change=True)
    for command in commands:
        anna.git.run(*command.split(), cwd=anna.work)
    anna.send()
    judgement = anna.judge((main, anna.git.head(anna.work), MAIN))
    assert (judgement.answers[0][1] == "ok") is is_admitted
