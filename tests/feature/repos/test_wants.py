"""Which objects may be fetched by id: what a ref reaches, and nothing else."""

import pytest

from hub.app import Hub
from hub.repos import jobs, receive
from hub.repos.git import reachable_ids
from hub.repos.git.process import GitTooSlow
from hub.repos.git.refs import take_snapshot
from hub.repos.git.store import directory
from hub.repos.models import Repository
from tests.feature.repos.pushing import ZERO, Pusher

MAIN = "refs/heads/main"


def refused(pusher: Pusher, *wants: str, tips_only: bool = False) -> list[str]:
    return receive.check_wants(pusher.database, pusher.repository_id, wants, tips_only=tips_only).refused


def ids(pusher: Pusher, *names: str) -> list[str]:
    return [pusher.git.head(pusher.work, name) for name in names]


@pytest.fixture
def history(pusher: Pusher) -> Pusher:
    """main with three commits, an annotated tag of the second, a hidden ref, and a tag within a tag."""
    pusher.git.commit(pusher.work, "second", {"old": "old\n", "kept": "kept\n"})
    pusher.git.run("tag", "-a", "-m", "one", "v1", cwd=pusher.work)
    pusher.git.run("tag", "-a", "-m", "outer", "outer", "v1", cwd=pusher.work)
    pusher.git.run("rm", "-q", "old", cwd=pusher.work)
    third = pusher.git.commit(pusher.work, "third", {"dir/new": "new\n"})
    outer, hidden = ids(pusher, "outer", "HEAD~2")
    pusher.push((ZERO, third, MAIN), (ZERO, outer, "refs/tags/outer"))
    pusher.run(pusher.directory, "update-ref", "refs/changes/1/head", hidden)
    return pusher


def test_what_refs_reach_may_be_fetched(history: Pusher) -> None:
    wants = ids(
        history,
        "HEAD", "HEAD~1", "HEAD~2", "HEAD^{tree}", "HEAD~1^{tree}", "HEAD:dir", "HEAD:dir/new", "HEAD:kept",
        "HEAD~1:old", "v1", "outer",
    )  # fmt: skip
    assert refused(history, *wants) == []
    assert refused(history, *wants) == []


def test_tips_are_all_that_may_be_fetched_where_only_tips_are_asked_for(history: Pusher) -> None:
    tip, tag, hidden, middle, blob = ids(history, "HEAD", "outer", "HEAD~2", "HEAD~1", "HEAD:kept")
    assert refused(history, tip, tag, hidden, middle, blob, tips_only=True) == [middle, blob]


def test_what_a_refused_push_left_is_refused(history: Pusher) -> None:
    commit = history.git.commit(history.work, "secret", {"secret": "secret\n"})
    history.send()
    tree, blob, kept = ids(history, "HEAD^{tree}", "HEAD:secret", "HEAD:kept")
    wants = [commit, tree, blob, "7" * 40, kept]
    assert refused(history, *wants) == [commit, tree, blob, "7" * 40]
    assert refused(history, *wants) == [commit, tree, blob, "7" * 40]


def test_what_a_deleted_branch_had_is_refused_from_then_on(history: Pusher) -> None:
    commit = history.git.commit(history.work, "topic", {"topic": "topic\n"})
    blob, tree = ids(history, "HEAD:topic", "HEAD^{tree}")
    history.push((ZERO, commit, "refs/heads/topic"))
    assert refused(history, commit, blob, tree) == []
    history.push((commit, ZERO, "refs/heads/topic"))
    assert refused(history, commit, blob, tree) == [commit, blob, tree]


def test_the_state_changes_with_every_ref_and_with_head(history: Pusher) -> None:
    def state() -> str:
        return receive.check_wants(history.database, history.repository_id, []).state

    tip, middle = ids(history, "HEAD", "HEAD~1")
    seen = [state()]
    for arguments in (
        ("update-ref", "refs/heads/a", tip),
        ("update-ref", "refs/heads/a", middle),
        ("symbolic-ref", "HEAD", "refs/heads/a"),
        ("update-ref", "refs/changes/2/head", tip),
    ):
        history.run(history.directory, *arguments)
        seen.append(state())
    assert len(set(seen)) == 5
    history.run(history.directory, "pack-refs", "--all")
    assert state() == seen[-1]


def test_bitmaps_change_no_answer(history: Pusher) -> None:
    commit = history.git.commit(history.work, "secret", {"secret": "secret\n"})
    history.send()
    history.run(history.directory, "repack", "-a", "-d", "-b", "-k", "-q")
    old, secret = ids(history, "HEAD~2:old", "HEAD:secret")
    assert refused(history, old, commit, secret) == [commit, secret]


def test_an_empty_repository_refuses_everything(hub: Hub, repository: Repository, pusher: Pusher) -> None:
    pusher.send()
    assert directory(hub.config, repository) == pusher.directory
    wants = [*ids(pusher, "HEAD", "HEAD^{tree}"), "1" * 64, "no id"]
    assert refused(pusher, *wants) == wants


def test_the_list_of_reachable_objects_is_made_again_when_it_is_damaged(history: Pusher, hub: Hub) -> None:
    (old,) = ids(history, "HEAD~1:old")
    assert refused(history, old) == []
    listed = hub.config.data / "cache" / "reachable" / str(history.repository_id)
    whole = listed.read_bytes()
    for damage in (whole[:-1], b"", b"{}\n", whole.replace(b'"counts"', b'"Counts"'), b"[]\n"):
        listed.write_bytes(damage)
        assert refused(history, old, "7" * 40) == ["7" * 40]
        assert listed.read_bytes() == whole


def test_the_list_grows_with_pushes_and_forgets_what_is_gone(history: Pusher, hub: Hub) -> None:
    (old,) = ids(history, "HEAD~1:old")
    commit = history.git.commit(history.work, "more", {"more": "1"})
    later = history.git.commit(history.work, "and more", {"more": "2"})
    (gone,) = ids(history, f"{commit}:more")
    history.send()
    assert refused(history, old, gone) == [gone]
    history.push((ids(history, "HEAD~2")[0], later, MAIN))
    assert refused(history, old, gone) == []
    history.push((ZERO, commit, "refs/heads/merged"))
    history.push((commit, ZERO, "refs/heads/merged"))
    assert refused(history, old, gone) == []
    tag = history.git.head(history.work, "outer")
    history.push((tag, ZERO, "refs/tags/outer"))
    assert refused(history, old, tag) == [tag]


def test_the_worker_makes_the_lists_for_which_nobody_could_wait(history: Pusher, hub: Hub) -> None:
    listed = hub.config.data / "cache" / "reachable" / str(history.repository_id)
    snapshot = take_snapshot(history.directory)
    with pytest.raises(GitTooSlow):
        reachable_ids.bring_up_to_date(history.directory, listed, snapshot, timeout_seconds=0)
    reachable_ids.leave_note(listed)
    for _ in range(2):
        jobs.find_reachable_objects.function(hub.database)
    found = reachable_ids.open_ids(listed)
    assert found is not None
    assert (found.state, found.starts[-1]) == (snapshot.state, 13)
    assert [one in found for one in (*ids(history, "HEAD", "HEAD~1:old"), "7" * 40, "7" * 64)] == [
        True, True, False, False,
    ]  # fmt: skip


def test_very_many_missing_ids_are_not_all_looked_for(history: Pusher) -> None:
    """The attack: a request of 32 MB, less than two packed, wants 650,000 ids that are not there. Each costs
    a look at all packs; pushes wait behind it, for pushes and fetches share the turns for long questions."""
    tip, *there = ids(history, "HEAD", "HEAD:kept", "HEAD:dir/new", "HEAD:dir", "HEAD^{tree}")
    missing = [f"{number:040x}" for number in range(1, 300_000)]
    found = set(refused(history, tip, *missing, *there))
    assert set(missing) <= found <= {*there, *missing}
    # What is there is come to among the first thousand by chance alone, and all of it never.
    assert found & set(there)
    assert refused(history, tip, *missing[:500], *there) == missing[:500]


def written(pusher: Pusher, *command: str) -> str:
    """The id of an object made in the hub's own repository."""
    return pusher.run(pusher.directory, *command).decode().strip()


@pytest.fixture
def said(history: Pusher) -> list[str]:
    """Two commits of the journal, the newest and the one before it, and one that was put aside."""
    tree = ids(history, "HEAD~1^{tree}")[0]
    made: list[str] = []
    for number in range(3):
        parents = ("-p", made[0]) if number == 1 else ()
        made.append(written(history, "commit-tree", tree, "-m", f"{number}", *parents))
    history.run(history.directory, "update-ref", "refs/hub/at", made[1])
    history.run(history.directory, "update-ref", "refs/hub-broken/at/1", made[2])
    return [made[1], made[0], made[2]]


def test_the_journal_may_be_fetched_but_not_what_was_put_aside(history: Pusher, said: list[str]) -> None:
    blob, (newest, earlier, aside) = written(history, "hash-object", "-w", "HEAD"), said
    wants = [*ids(history, "HEAD", "HEAD~1:old"), newest, earlier]
    assert refused(history, *wants, aside, blob) == [aside, blob]
    assert refused(history, newest, earlier, aside, tips_only=True) == [earlier, aside]


def test_the_state_of_usual_wants_outlasts_what_is_said(history: Pusher, said: list[str]) -> None:
    """An answer kept for a clone is right for as long as no ref moves that it depends on."""

    def state(*wants: str, with_journal: bool = False) -> str:
        return receive.check_wants(
            history.database, history.repository_id, wants, with_journal=with_journal
        ).state

    tip, old, missing = *ids(history, "HEAD", "HEAD~1:old"), "7" * 40
    usual = [state(), state(tip), state(old, tip), state(missing)]
    journal = [state(said[1]), state(tip, said[1]), state(with_journal=True), state(tip, with_journal=True)]
    later = written(history, "commit-tree", f"{tip}^{{tree}}", "-p", said[0], "-m", "3")
    history.run(history.directory, "update-ref", "refs/hub/at", later)

    assert [state(), state(tip), state(old, tip), state(missing)] == usual
    assert len(set(usual)) == 1
    assert len({*usual, *journal, state(said[1]), state(tip, with_journal=True)}) == 3


def test_the_worker_makes_the_list_of_the_journal_too(history: Pusher, said: list[str], hub: Hub) -> None:
    listed = hub.config.data / "cache" / "reachable" / f"{history.repository_id}.journal"
    reachable_ids.leave_note(listed)
    jobs.find_reachable_objects.function(hub.database)
    found = reachable_ids.open_ids(listed)
    assert found is not None
    assert [one in found for one in said] == [True, True, False]
