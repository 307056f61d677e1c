"""Repacking, and removing for good: what is joined, what stays, and what goes."""

import hashlib
import os
from datetime import timedelta
from pathlib import Path

import pytest

from hub.app import Hub
from hub.clock import now
from hub.db import Database
from hub.errors import Unavailable
from hub.repos.forks.forking import fork_repository
from hub.repos.git.loans import upkeep
from hub.repos.git.packing import look_for_clutter
from hub.repos.git.reachable_ids import leave_note
from hub.repos.git.store import ALIVE_LOCK, directory, lock, reachable_ids_file
from hub.repos.imports.imports import folder
from hub.repos.jobs import maintain_repositories, purge
from hub.repos.maintenance import maintain
from hub.repos.models import Repository
from hub.repos.purging import remove_leftovers
from tests.factories import make_user, unique
from tests.feature.repos.pushing import ZERO, Pusher

PUSHES = 12


@pytest.fixture
def pushed(pusher: Pusher) -> Pusher:
    """anna/demo after a dozen pushes, each of which left a pack."""
    old = ZERO
    for number in range(PUSHES):
        new = pusher.git.commit(pusher.work, f"number {number}")
        pusher.push((old, new, "refs/heads/main"), (ZERO, new, f"refs/tags/v{number}"))
        old = new
    return pusher


def fork(hub: Hub, origin_id: int) -> tuple[int, Path]:
    with hub.database.writing() as session:
        person = make_user(session)
        origin = session.get_one(Repository, origin_id)
        made = fork_repository(session, person.viewer(), origin, owner=person, name=unique("fork"))
        session.flush()
        return made.id, directory(hub.config, made)


def is_maintained(database: Database, repository_id: int) -> bool:
    with database.reading() as session:
        return session.get_one(Repository, repository_id).maintained_at is not None


def test_many_packs_become_few_and_nothing_is_lost(hub: Hub, pushed: Pusher) -> None:
    fork_id, fork_path = fork(hub, pushed.repository_id)
    lost = pushed.run(pushed.directory, "hash-object", "-w", "--stdin", stdin=b"unreachable").decode().strip()
    before = pushed.refs()
    maintain_repositories.function(hub.database)
    maintain_repositories.function(hub.database)
    assert look_for_clutter(pushed.directory, most_refs=10).packs <= 2
    assert look_for_clutter(pushed.directory, most_refs=10).loose_refs == 0
    assert pushed.refs() == before
    for path in (pushed.directory, fork_path):
        pushed.run(path, "fsck", "--full", "--strict")
    pushed.run(pushed.directory, "cat-file", "-e", lost)
    pushed.run(pushed.directory, "multi-pack-index", "verify")
    pushed.run(pushed.directory, "commit-graph", "verify")
    assert list((pushed.directory / "objects/pack").glob("*.bitmap"))
    assert is_maintained(hub.database, pushed.repository_id)
    assert not is_maintained(hub.database, fork_id)


def test_what_many_comments_leave_is_packed(hub: Hub, pushed: Pusher) -> None:
    """The folder by which all are judged has as many as if there were six thousand."""
    texts = [b"%06d" % number for number in range(6_000)]
    there = [one for one in texts if hashlib.sha1(b"blob 6\0" + one).hexdigest().startswith("17")]
    given = b"".join(b"blob\ndata 6\n%b\n" % one for one in there)
    pushed.run(pushed.directory, "fast-import", "--quiet", stdin=given)
    assert look_for_clutter(pushed.directory, most_refs=0).loose_objects >= 3_000
    maintain_repositories.function(hub.database)
    assert look_for_clutter(pushed.directory, most_refs=0).loose_objects == 0


def test_borrowing_fork_is_repacked_without_what_it_borrows(hub: Hub, pushed: Pusher) -> None:
    fork_id, path = fork(hub, pushed.repository_id)
    for number in range(4):
        pushed.git.commit(pushed.work, f"of the fork {number}")
        pushed.run(pushed.work, "push", "-q", str(path), "main")
        pushed.run(path, "repack", "-dlq")
    maintain(hub.database, fork_id)
    assert look_for_clutter(path, most_refs=0).packs <= 3
    assert sum(one.stat().st_size for one in (path / "objects/pack").glob("*.pack")) < 5_000
    pushed.run(path, "fsck", "--full", "--strict")


def test_repack_does_not_begin_during_a_push(hub: Hub, pushed: Pusher) -> None:
    alive = lock(pushed.directory, ALIVE_LOCK, shared=True)
    assert alive is not None
    maintain_repositories.function(hub.database)
    assert not is_maintained(hub.database, pushed.repository_id)
    with pytest.raises(Unavailable, match="busy"):
        maintain(hub.database, pushed.repository_id)
    os.close(alive)
    maintain_repositories.function(hub.database)
    assert is_maintained(hub.database, pushed.repository_id)


def test_push_does_not_wait_for_a_repack(pushed: Pusher) -> None:
    with upkeep(pushed.directory, in_quiet=True):
        alive = lock(pushed.directory, ALIVE_LOCK, shared=True)
        assert alive is not None
        os.close(alive)


def test_repository_without_its_directory_does_not_stop_a_sweep(hub: Hub, pushed: Pusher) -> None:
    _, path = fork(hub, pushed.repository_id)
    path.rename(path.with_name("moved-away"))
    maintain_repositories.function(hub.database)
    assert is_maintained(hub.database, pushed.repository_id)


def test_empty_repository_is_maintained(hub: Hub, pusher: Pusher) -> None:
    assert maintain(hub.database, pusher.repository_id).packs_after == 0


@pytest.mark.parametrize(("days", "is_gone"), [(29, False), (31, True)])
def test_deleted_repository_is_removed_after_thirty_days(
    hub: Hub, pushed: Pusher, days: int, is_gone: bool
) -> None:
    fork_id, fork_path = fork(hub, pushed.repository_id)
    with hub.database.writing() as session:
        repository = session.get_one(Repository, pushed.repository_id)
        repository.deleted_at = now() - timedelta(days=days)
        ids_file = reachable_ids_file(hub.config, repository)
    leave_note(ids_file)
    purge.function(hub.database)
    purge.function(hub.database)
    assert pushed.directory.exists() != is_gone
    assert bool(list(ids_file.parent.glob("*"))) != is_gone
    with hub.database.reading() as session:
        assert (session.get(Repository, pushed.repository_id) is None) == is_gone
        assert (session.get_one(Repository, fork_id).lender_id is None) == is_gone
    pushed.run(fork_path, "fsck", "--full", "--strict")


def test_only_old_leftovers_are_removed(hub: Hub, pusher: Pusher) -> None:
    storage = pusher.directory.parent
    (storage / "new-7-abcd").mkdir()
    (storage / "lost-8-abcd").mkdir()
    # An upload, and the credentials of an import that never began: nobody asks for them any more.
    waiting = folder(hub.config)
    for name in ("9.json", "ab.bundle"):
        (waiting / name).write_text("{}")
    purge.function(hub.database)
    assert {path.name for path in storage.iterdir()} == {pusher.directory.name, "new-7-abcd", "lost-8-abcd"}
    assert {path.name for path in waiting.iterdir()} == {"9.json", "ab.bundle"}
    removed = remove_leftovers(hub.database, older_than_seconds=-1)
    assert sorted(removed) == ["9.json", "ab.bundle", "lost-8-abcd", "new-7-abcd"]
    assert [path.name for path in storage.iterdir()] == [pusher.directory.name]
    assert list(waiting.iterdir()) == []
