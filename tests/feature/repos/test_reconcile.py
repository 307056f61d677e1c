"""What a crash leaves is put right, and only when nobody is at work."""

import fcntl
import os

import pytest
from sqlalchemy import select

from hub.app import Hub
from hub.doctor import examine
from hub.journal.refs.exporting import export
from hub.repos import jobs, receive
from hub.repos.models import PushIntent, RefLogEntry, Repository
from hub.repos.pushes import RefUpdate
from tests.feature.repos.pushing import ZERO, Pusher

MAIN = "refs/heads/main"


def log(hub: Hub) -> list[tuple[str, str, str, str]]:
    with hub.database.reading() as session:
        entries = session.scalars(select(RefLogEntry).order_by(RefLogEntry.id))
        return [(one.push_id, one.ref, one.old_id, one.new_id) for one in entries]


def reconcile(pusher: Pusher) -> receive.Reconciliation | None:
    return receive.reconcile(pusher.database, pusher.repository_id)


LEFTOVERS = [
    "refs/heads/main.lock",
    "packed-refs.lock",
    "HEAD.lock",
    "objects/tmp_objdir-incoming-x/pack/tmp_pack_1",
    "objects/incoming-x/pack/pack-1.pack",
    "objects/pack/tmp_pack_abc",
    "objects/pack/tmp_idx_abc",
    "objects/tmp_obj_x",
    "objects/info/commit-graphs/commit-graph-chain.lock",
]
KEPT = ["objects/pack/pack-9.keep", "objects/ab/tmp", "hub-queue.lock", "hub-alive.lock", "config"]


@pytest.mark.parametrize("left", LEFTOVERS)
def test_a_leftover_goes_unless_a_process_of_git_is_alive(pusher: Pusher, left: str) -> None:
    path = pusher.directory / left
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    alive = os.open(pusher.directory / "hub-alive.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(alive, fcntl.LOCK_SH)
    guarded = reconcile(pusher)
    assert guarded is not None
    assert (guarded.removed, path.exists()) == ([], True)
    os.close(alive)
    done = reconcile(pusher)
    assert done is not None
    assert (len(done.removed), path.exists()) == (1, False)


def test_marks_of_receive_pack_go_and_those_of_people_stay(pusher: Pusher) -> None:
    mark = pusher.directory / "objects/pack/pack-1.keep"
    mark.write_text("receive-pack 4711 on host\n")
    for name in KEPT:
        path = pusher.directory / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    done = reconcile(pusher)
    assert done is not None
    assert done.removed == ["pack-1.keep"]
    assert all((pusher.directory / name).exists() for name in KEPT)


def test_an_open_intent_is_closed_with_what_moved(pusher: Pusher, hub: Hub) -> None:
    commit = pusher.git.head(pusher.work)
    pusher.send()
    pusher.judge((ZERO, commit, MAIN), (ZERO, commit, "refs/tags/v1"))
    pusher.move((ZERO, commit, MAIN))
    done = reconcile(pusher)
    assert done is not None
    assert (done.closed, done.unclaimed) == ([pusher.context.push_id], [])
    assert log(hub) == [(pusher.context.push_id, MAIN, ZERO, commit)]
    with hub.database.reading() as session:
        intent = session.scalars(select(PushIntent)).one()
        assert (intent.moved, intent.done_at is not None) == ([MAIN], True)


def test_refs_that_nobody_recorded_are_recorded(pusher: Pusher, hub: Hub) -> None:
    first = pusher.git.head(pusher.work)
    pusher.push((ZERO, first, MAIN), (ZERO, first, "refs/tags/v1"))
    second = pusher.git.commit(pusher.work, "second")
    pusher.send()
    for arguments in (
        ("update-ref", MAIN, second),
        ("update-ref", "-d", "refs/tags/v1"),
        ("update-ref", "refs/heads/new", first),
    ):
        pusher.run(pusher.directory, *arguments)
    done = reconcile(pusher)
    assert done is not None
    assert done.unclaimed == [
        RefUpdate(MAIN, first, second),
        RefUpdate("refs/heads/new", ZERO, first),
        RefUpdate("refs/tags/v1", first, ZERO),
    ]
    assert [entry[:2] for entry in log(hub)[2:]] == [
        ("reconciler", MAIN),
        ("reconciler", "refs/heads/new"),
        ("reconciler", "refs/tags/v1"),
    ]
    with hub.database.reading() as session:
        assert session.get_one(Repository, pusher.repository_id).refs_count == 2
    again = reconcile(pusher)
    assert again is not None
    assert again.found_something is False


def test_refs_that_the_hub_alone_writes_are_no_findings(pusher: Pusher, hub: Hub) -> None:
    """The journal moves with every comment, and is written down elsewhere."""
    commit = pusher.git.head(pusher.work)
    pusher.push((ZERO, commit, MAIN))
    for name in ("refs/hub/at", "refs/hub/changes/1", "refs/hub-broken/at/1", "refs/hub-from/b/at"):
        pusher.run(pusher.directory, "update-ref", name, commit)
    done = reconcile(pusher)
    assert done is not None
    assert not done.found_something
    assert [one.name for one in examine(hub.config) if one.fault and "/" in one.name] == []


def test_names_that_are_no_text_do_not_stop_it(pusher: Pusher) -> None:
    commit = pusher.git.head(pusher.work)
    pusher.push((ZERO, commit, MAIN))
    name = pusher.directory.joinpath(os.fsdecode(b"refs/heads/caf\xe9"))
    name.write_text(f"{commit}\n")
    done = reconcile(pusher)
    assert done is not None
    assert done.unclaimed == [RefUpdate(r"refs/heads/caf\xe9", ZERO, commit)]


def test_a_repository_whose_queue_is_taken_is_left_alone(pusher: Pusher, hub: Hub) -> None:
    commit = pusher.git.head(pusher.work)
    pusher.send()
    pusher.run(pusher.directory, "update-ref", MAIN, commit)
    queue = os.open(pusher.directory / "hub-queue.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(queue, fcntl.LOCK_EX)
    assert reconcile(pusher) is None
    assert log(hub) == []
    os.close(queue)
    assert reconcile(pusher) is not None
    assert len(log(hub)) == 1


def test_the_sweep_finds_what_changed_and_survives_a_damaged_repository(
    pusher: Pusher, hub: Hub, private_repository: Repository
) -> None:
    commit = pusher.git.head(pusher.work)
    pusher.push((ZERO, commit, MAIN))
    assert receive.reconcile_all(hub.database) == []
    pusher.run(pusher.directory, "update-ref", "refs/heads/a", commit)
    (hub.config.data / f"repositories/main/{private_repository.id}.git/refs/heads/x").write_text("damaged")
    found = receive.reconcile_all(hub.database)
    assert [one.repository_id for one in found] == [pusher.repository_id]
    jobs.reconcile_repositories.function(hub.database)
    jobs.reconcile_repositories.function(hub.database)
    assert len(log(hub)) == 2


def test_a_repository_whose_directory_is_lost_is_no_reason_to_stop(pusher: Pusher, hub: Hub) -> None:
    pusher.directory.rename(pusher.directory.with_name("away"))
    assert receive.reconcile_all(hub.database) == []


def test_refs_of_a_journal_are_not_the_business_of_the_ref_log(pusher: Pusher, hub: Hub) -> None:
    commit = pusher.git.head(pusher.work)
    pusher.push((ZERO, commit, MAIN))
    export(hub.database, pusher.repository_id)
    assert "refs/hub/repo" in pusher.refs()
    done = reconcile(pusher)
    assert done is not None
    assert done.unclaimed == []
