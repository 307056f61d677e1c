"""Changes that follow a branch of a fork: what a push there adds, and what outlives the fork."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from hub.access import Permission, Viewer, Visibility
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.repos import purging
from hub.repos.access import open_repository
from hub.repos.forks import forking
from hub.repos.models import Repository
from hub.repos.settings import deletion
from hub.reviews import actions, opening
from hub.reviews.changes import get_change
from hub.reviews.following import follow, follow_lately_pushed
from hub.reviews.models import Change, PatchSet
from tests.factories import SYSTEM
from tests.feature.repos.pushing import ZERO, Pusher

Fork = Callable[..., Pusher]


@pytest.fixture
def fork(hub: Hub, anna: Pusher, bob: Pusher) -> Fork:
    """Makes bob/demo, a fork of anna/demo in which bob pushed `wing`."""

    def make(visibility: Visibility = Visibility.PUBLIC) -> Pusher:
        with hub.database.writing() as session:
            origin = open_repository(session, SYSTEM, "anna/demo", need=Permission.SEE)
            owner = get_user(session, "bob")
            made = forking.fork_repository(
                session, owner.viewer(), origin, owner=owner, name="demo", visibility=visibility
            )
            session.flush()
            session.refresh(made)
            session.expunge_all()
        pusher = Pusher(hub, made, bob.viewer, bob.git, bob.work)
        pusher.git.run("switch", "-qc", "wing", cwd=pusher.work)
        pusher.push((ZERO, pusher.git.commit(pusher.work, "Grow", {"wing": "x\n"}), "refs/heads/wing"))
        return pusher

    return make


def propose_wing(hub: Hub, viewer: Viewer) -> int:
    with hub.database.writing() as session:
        origin = open_repository(session, viewer, "anna/demo", need=Permission.SEE)
        source = open_repository(session, viewer, "bob/demo", need=Permission.SEE)
        words = opening.Words("Grow a wing")
        branch = opening.Branch(source, "wing")
        return opening.open_change(session, viewer, origin, target="main", source=branch, words=words)


def versions(hub: Hub) -> list[str]:
    with hub.database.reading() as session:
        return list(session.scalars(select(PatchSet.commit_id).order_by(PatchSet.id)))


def check_whole(pusher: Pusher) -> None:
    """Fails where an object is missing or damaged that a ref needs."""
    pusher.run(pusher.directory, "fsck", "--strict", "--no-dangling")


def test_a_push_to_the_fork_is_the_next_patch_set(hub: Hub, anna: Pusher, fork: Fork) -> None:
    bob = fork()
    first = bob.git.head(bob.work)
    assert propose_wing(hub, bob.viewer) == 1
    more = bob.git.commit(bob.work, "Grow more", {"wing": "xx\n"})
    bob.push((first, more, "refs/heads/wing"))
    follow(hub.database, bob.repository_id)
    follow(hub.database, bob.repository_id)
    assert versions(hub) == [first, more]
    assert anna.refs()["refs/changes/1/2"] == anna.refs()["refs/pull/1/head"] == more
    check_whole(anna)


def test_a_forced_push_to_the_fork_keeps_what_was(hub: Hub, anna: Pusher, fork: Fork) -> None:
    bob = fork()
    first = bob.git.head(bob.work)
    propose_wing(hub, bob.viewer)
    (bob.work / "wing").write_text("better\n")
    bob.git.run("commit", "-qa", "--amend", "-m", "Grow better", cwd=bob.work)
    bob.push((first, bob.git.head(bob.work), "refs/heads/wing"))
    follow_lately_pushed(hub.database)
    assert versions(hub) == [first, bob.git.head(bob.work)]
    assert anna.refs()["refs/changes/1/1"] == first
    check_whole(anna)


def test_a_change_from_a_private_fork_is_whole_in_its_origin(hub: Hub, anna: Pusher, fork: Fork) -> None:
    bob = fork(Visibility.PRIVATE)
    propose_wing(hub, bob.viewer)
    assert anna.refs()["refs/changes/1/1"] == bob.git.head(bob.work)
    check_whole(anna)


def test_a_deleted_branch_and_a_deleted_fork_lose_nothing(hub: Hub, anna: Pusher, fork: Fork) -> None:
    bob = fork()
    tip = bob.git.head(bob.work)
    propose_wing(hub, bob.viewer)
    bob.push((tip, ZERO, "refs/heads/wing"))
    follow(hub.database, bob.repository_id)
    with hub.database.writing() as session:
        gone = session.get_one(Repository, bob.repository_id)
        deletion.delete_repository(session, bob.viewer, gone)
        gone.deleted_at = gone.created_at.replace(year=2000)
    follow(hub.database, bob.repository_id)
    assert purging.purge_deleted(hub.database) == [bob.repository_id]
    assert not bob.directory.exists()
    assert versions(hub) == [tip]
    check_whole(anna)
    with hub.database.reading() as session:
        change = session.scalars(select(Change)).one()
        assert (change.commit_id, change.followed_repository_id) == (tip, None)


def test_a_closed_change_follows_nothing(hub: Hub, anna: Pusher, fork: Fork) -> None:
    bob = fork()
    first = bob.git.head(bob.work)
    propose_wing(hub, bob.viewer)
    with hub.database.writing() as session:
        actions.close(session, bob.viewer, get_change(session, bob.viewer, "anna/demo", 1, locks=True))
    bob.push((first, bob.git.commit(bob.work, "More", {"wing": "xx\n"}), "refs/heads/wing"))
    follow(hub.database, bob.repository_id)
    assert versions(hub) == [first]


def test_the_change_of_somebody_who_lost_a_right_stays_as_it_is(hub: Hub, anna: Pusher, fork: Fork) -> None:
    bob = fork()
    first = bob.git.head(bob.work)
    propose_wing(hub, bob.viewer)
    with hub.database.writing() as session:
        is_origin = Repository.id == anna.repository_id
        session.execute(update(Repository).where(is_origin).values(visibility=Visibility.PRIVATE))
    bob.push((first, bob.git.commit(bob.work, "More", {"wing": "xx\n"}), "refs/heads/wing"))
    follow(hub.database, bob.repository_id)
    assert versions(hub) == [first]


def test_whoever_pushes_to_a_fork_is_invited_to_the_origin(hub: Hub, anna: Pusher, fork: Fork) -> None:
    bob = fork()
    bob.git.run("switch", "-qc", "tail", cwd=bob.work)
    bob.send()
    tail = bob.git.commit(bob.work, "Grow a tail", {"tail": "x\n"})
    bob.send()
    lines = bob.judge((ZERO, tail, "refs/heads/tail")).lines
    assert lines[1:3] == [
        "Create a change from 'bob:tail':",
        "  http://hub/anna/demo/compare/main...bob:tail",
    ]
