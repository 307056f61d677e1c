"""The hub's own moves: judged, announced, moved and recorded as a push is."""

import fcntl
import os
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access import Role
from hub.app import Hub
from hub.repos.models import PushIntent, RefLogEntry, Repository
from hub.repos.pushes import RefUpdate
from hub.repos.pushing import moving
from hub.repos.pushing.moving import RefMoved, RefRefused
from hub.repos.receive import update_refs
from tests.feature.repos.pushing import ZERO, Pusher

MAIN = "refs/heads/main"
TOPIC = "refs/heads/topic"


@pytest.fixture
def commits(pusher: Pusher) -> tuple[str, str]:
    """Two commits in the repository; main and topic are at the first."""
    first = pusher.git.head(pusher.work)
    pusher.push((ZERO, first, MAIN), (ZERO, first, TOPIC))
    second = pusher.git.commit(pusher.work, "second")
    pusher.send()
    return first, second


def repository_in(session: Session, pusher: Pusher) -> Repository:
    return session.get_one(Repository, pusher.repository_id)


def logged(hub: Hub) -> list[tuple[str, str]]:
    with hub.database.reading() as session:
        rows = session.execute(select(RefLogEntry.ref, RefLogEntry.new_id).order_by(RefLogEntry.id))
        return [(ref, new_id) for ref, new_id in rows]


def test_refs_move_together_and_are_recorded(pusher: Pusher, hub: Hub, commits: tuple[str, str]) -> None:
    first, second = commits
    with hub.database.writing() as session:
        updates = [RefUpdate(MAIN, first, second), RefUpdate(TOPIC, first, ZERO)]
        update_refs(session, pusher.viewer, repository_in(session, pusher), updates)
    assert pusher.refs() == {MAIN: second}
    assert logged(hub)[2:] == [(MAIN, second), (TOPIC, ZERO)]
    with hub.database.reading() as session:
        assert session.scalars(select(PushIntent).where(PushIntent.done_at.is_(None))).all() == []


def test_the_policy_of_pushes_holds(
    pusher: Pusher, pusher_as: Callable[[Role | None], Pusher], hub: Hub, commits: tuple[str, str]
) -> None:
    first, second = commits
    writer = pusher_as(Role.WRITE)
    protected = [RefUpdate(TOPIC, first, second), RefUpdate(MAIN, first, second)]
    stale = [RefUpdate(TOPIC, second, first)]
    with hub.database.writing() as session:
        repository = repository_in(session, writer)
        with pytest.raises(RefRefused, match="protected branch"):
            update_refs(session, writer.viewer, repository, protected)
        with pytest.raises(RefMoved, match="topic moved"):
            update_refs(session, writer.viewer, repository, stale)
    assert pusher.refs() == {MAIN: first, TOPIC: first}
    assert len(logged(hub)) == 2


def test_a_request_that_fails_afterwards_is_made_up_for(
    pusher: Pusher, hub: Hub, commits: tuple[str, str]
) -> None:
    first, second = commits

    def move_and_fail() -> None:
        with hub.database.writing() as session:
            update_refs(
                session, pusher.viewer, repository_in(session, pusher), [RefUpdate(MAIN, first, second)]
            )
            raise LookupError("the request failed")

    with pytest.raises(LookupError):
        move_and_fail()
    assert (pusher.refs()[MAIN], len(logged(hub))) == (second, 2)
    with hub.database.writing() as session:
        update_refs(session, pusher.viewer, repository_in(session, pusher), [RefUpdate(TOPIC, first, second)])
    assert logged(hub)[2:] == [(MAIN, second), (TOPIC, second)]


def test_the_queue_is_held_until_the_request_is_committed(
    pusher: Pusher, hub: Hub, commits: tuple[str, str]
) -> None:
    first, second = commits
    queue = os.open(pusher.directory / "hub-queue.lock", os.O_RDWR | os.O_CREAT)
    with hub.database.writing() as session:
        update_refs(session, pusher.viewer, repository_in(session, pusher), [RefUpdate(MAIN, first, second)])
        with pytest.raises(BlockingIOError):
            fcntl.flock(queue, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(queue, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(queue)


def test_it_waits_for_its_turn_without_the_lock_of_the_database(
    pusher: Pusher, hub: Hub, commits: tuple[str, str]
) -> None:
    """Whoever has the queue needs the database to finish: waiting with both would be a deadlock."""
    first, second = commits
    queue = os.open(pusher.directory / "hub-queue.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(queue, fcntl.LOCK_EX)
    done = threading.Event()

    def move() -> None:
        with hub.database.writing() as session:
            repository = repository_in(session, pusher)
            update_refs(session, pusher.viewer, repository, [RefUpdate(MAIN, first, second)])
        done.set()

    thread = threading.Thread(target=move)
    thread.start()
    with hub.database.writing() as session:
        repository_in(session, pusher).description = "written meanwhile"
    assert not done.is_set()
    os.close(queue)
    thread.join(10)
    assert done.is_set()
    assert pusher.refs()[MAIN] == second


def test_it_comes_before_what_a_request_writes(pusher: Pusher, hub: Hub, commits: tuple[str, str]) -> None:
    with hub.database.writing() as session:
        repository = repository_in(session, pusher)
        repository.description = "changed"
        with pytest.raises(RuntimeError, match="before"):
            update_refs(session, pusher.viewer, repository, [RefUpdate(TOPIC, commits[0], ZERO)])
    assert moving.RefMoved.status == 409
