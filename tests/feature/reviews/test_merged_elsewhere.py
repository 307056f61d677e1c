"""What was merged by hand and pushed is recognised: by its commits, as copies of them, or as one commit."""

from collections.abc import Sequence

import pytest

from hub.app import Hub
from hub.issues.models import TopicState
from hub.journal.models import Person
from hub.reviews import jobs
from hub.reviews.asked_ahead import ask_ahead
from hub.reviews.changes import get_change
from hub.reviews.merged_elsewhere import close_lately_merged, close_merged
from hub.reviews.standing import examine
from tests.factories import SYSTEM
from tests.feature.repos.pushing import ZERO, Pusher
from tests.feature.reviews.merging_ground import DEMO, MAIN, diverge, merged, propose


def push_main(pusher: Pusher) -> str:
    """Pushes what is checked out as main, and has the worker look at it."""
    commit = pusher.git.head(pusher.work)
    old = pusher.refs()[MAIN]
    pusher.push((old, commit, MAIN))
    close_merged(pusher.database, pusher.repository_id, pusher.context.push_id)
    return commit


@pytest.mark.parametrize(
    ("commands", "strategy"),
    [
        (["merge --no-ff -m joined topic"], "merge"),
        (["merge --no-ff -m joined topic", "commit --allow-empty -m besides"], "fast-forward"),
        (["reset -q --hard topic"], None),
        (["cherry-pick topic"], "rebase"),
        (["merge --squash topic", "commit -m all"], "rebase"),
        (["commit --allow-empty -m nothing"], None),
    ],
)
def test_a_merge_by_hand_is_recognised(
    anna: Pusher, bob: Pusher, hub: Hub, commands: Sequence[str], strategy: str | None
) -> None:
    diverge(anna, bob)
    for command in commands:
        anna.git.run(*command.split(), cwd=anna.work)
    tip = push_main(anna)
    state = (TopicState.OPEN, "", "") if strategy is None else (TopicState.MERGED, strategy, tip)
    assert merged(hub) == state


def test_several_commits_are_recognised_rebased_and_as_one(anna: Pusher, bob: Pusher, hub: Hub) -> None:
    for name in ("rebased", "squashed"):
        bob.git.run("switch", "-qC", name, "main", cwd=bob.work)
        bob.git.commit(bob.work, f"{name} 1", {f"{name}-1": "1\n"})
        propose(bob, f"{name} 2", {f"{name}-2": "2\n"})
    bob.git.run("switch", "-q", "main", cwd=bob.work)
    anna.git.commit(anna.work, "Newer", {"other": "x\n"})
    anna.git.run("cherry-pick", "rebased~1", "rebased", cwd=anna.work)
    copied = anna.git.head(anna.work)
    anna.git.run("merge", "--squash", "squashed", cwd=anna.work)
    anna.git.run("commit", "-qm", "squashed", cwd=anna.work)
    squashed = push_main(anna)
    assert merged(hub, 1) == (TopicState.MERGED, "rebase", copied)
    assert merged(hub, 2) == (TopicState.MERGED, "squash", squashed)


def test_an_older_patch_set_that_was_merged_counts(anna: Pusher, bob: Pusher, hub: Hub) -> None:
    source = propose(bob, "First", {"README": "1\n"})
    bob.git.run("commit", "-q", "--amend", "-m", "First, in other words", cwd=bob.work)
    bob.send()
    bob.judge((ZERO, bob.git.head(bob.work), "refs/for/main"), options=[("change", "1")])
    bob.record()
    anna.git.run("reset", "-q", "--hard", source, cwd=anna.work)
    assert push_main(anna) == source
    assert merged(hub) == (TopicState.MERGED, "fast-forward", source)


def test_whoever_pushed_it_merged_it(anna: Pusher, bob: Pusher, hub: Hub) -> None:
    diverge(anna, bob)
    anna.git.run("cherry-pick", "topic", cwd=anna.work)
    push_main(anna)
    with hub.database.reading() as session:
        topic = get_change(session, SYSTEM, DEMO, 1).topic
        assert session.get_one(Person, topic.ended_by_id).user_id == anna.viewer.user_id


def test_a_sweep_finds_what_a_crash_left_and_says_it_once(anna: Pusher, bob: Pusher, hub: Hub) -> None:
    diverge(anna, bob)
    anna.git.run("cherry-pick", "topic", cwd=anna.work)
    tip = anna.git.head(anna.work)
    anna.push((anna.refs()[MAIN], tip, MAIN))
    for _ in range(2):
        close_lately_merged(hub.database)
    assert merged(hub) == (TopicState.MERGED, "rebase", tip)


def test_whether_it_merges_is_found_out_ahead_and_anew_when_main_moves(
    anna: Pusher, bob: Pusher, hub: Hub
) -> None:
    diverge(anna, bob)
    ask_ahead(hub.database, anna.repository_id)
    kept = hub.config.data / "cache" / "kept"
    before = len([one for one in kept.rglob("*") if one.is_file()])
    assert before
    new = anna.git.commit(anna.work, "Other words", {"README": "other\n"})
    anna.push((anna.refs()[MAIN], new, MAIN))
    with hub.database.reading() as session:
        unmet = examine(session, get_change(session, SYSTEM, DEMO, 1)).unmet
    assert [one.name for one in unmet] == ["mergeable"]
    assert len([one for one in kept.rglob("*") if one.is_file()]) == before + 1


def test_a_push_to_a_target_asks_the_worker(anna: Pusher, bob: Pusher, hub: Hub) -> None:
    sent: list[tuple[str, tuple[int | str, ...]]] = []

    class Sender:
        def send(self, name: str, arguments: tuple[int | str, ...]) -> None:
            sent.append((name, arguments))

    for maker in (hub.database.writer, hub.database.reader):
        maker.configure(info={**maker.kw["info"], "sender": Sender()})
    diverge(anna, bob)
    names = [name for name, _ in sent if name.startswith("reviews.")]
    assert jobs.ask_ahead.name in names
    assert jobs.close_merged.name in names
