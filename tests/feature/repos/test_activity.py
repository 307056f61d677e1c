"""Who pushed what when, as the ref log knows it, and who may see it."""

from collections.abc import Callable

import pytest

from hub.access import ANONYMOUS, Permission, Role, Viewer, Visibility
from hub.accounts import leaving
from hub.accounts.models import User
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.repos import activity
from hub.repos.access import open_repository
from hub.repos.activity import Move, Push
from hub.repos.forks import forking
from hub.repos.models import RefKind, Repository
from hub.repos.pushing.reconcile import reconcile
from tests.factories import SYSTEM, make_user
from tests.feature.repos.pushing import ZERO, Pusher

MAIN = "refs/heads/main"


def seen(hub: Hub, viewer: Viewer = ANONYMOUS) -> list[Push]:
    """The last pushes to any repository, as that viewer sees them."""
    with hub.database.reading() as session:
        return activity.list_pushes(session, viewer)


def test_a_push_is_one_entry_with_its_branches_and_tags(pusher: Pusher, hub: Hub) -> None:
    first = pusher.git.head(pusher.work)
    pusher.push((ZERO, first, MAIN), (ZERO, first, "refs/notes/commits"), (ZERO, first, "refs/tags/v1"))
    second = pusher.git.commit(pusher.work, "second")
    pusher.push((first, second, MAIN), (first, ZERO, "refs/tags/v1"))
    newer, older = seen(hub)
    assert (older.owner, older.repository, older.pusher, older.size) == ("anna", "demo", "anna", 2)
    assert older.moves == [Move(RefKind.BRANCH, "main", None, first), Move(RefKind.TAG, "v1", None, first)]
    assert newer.moves == [
        Move(RefKind.BRANCH, "main", first, second),
        Move(RefKind.TAG, "v1", first, None),
    ]
    assert newer.id > older.id
    assert newer.at >= older.at


def test_of_many_refs_the_first_are_shown_and_all_are_counted(pusher: Pusher, hub: Hub) -> None:
    commit = pusher.git.head(pusher.work)
    pusher.push(*((ZERO, commit, f"refs/heads/b{number:03}") for number in range(100)))
    pusher.push((ZERO, commit, "refs/heads/later"))
    later, many = seen(hub)
    assert [move.name for move in many.moves] == ["b000", "b001", "b002", "b003", "b004"]
    assert (many.size, later.size) == (100, 1)


def test_what_no_push_moved_is_no_push(pusher: Pusher, hub: Hub) -> None:
    """A fork begins with copies, and the reconciler finds what somebody moved on the disk."""
    commit = pusher.git.head(pusher.work)
    pusher.push((ZERO, commit, MAIN))
    pusher.move((ZERO, commit, "refs/heads/by-hand"))
    reconcile(hub.database, pusher.repository_id)
    with hub.database.writing() as session:
        bo = make_user(session, "bo")
        demo = open_repository(session, SYSTEM, "anna/demo", need=Permission.SEE)
        forking.fork_repository(session, bo.viewer(), demo, owner=bo, name="fork")
    assert [(push.repository, push.moves[0].name) for push in seen(hub)] == [("demo", "main")]


@pytest.mark.parametrize("visibility", Visibility)
def test_pushes_are_seen_by_those_who_see_the_repository(
    pusher_as: Callable[[Role | None], Pusher], pusher: Pusher, hub: Hub, visibility: Visibility
) -> None:
    reader, other = pusher_as(Role.READ).viewer, pusher_as(None).viewer
    pusher.push((ZERO, pusher.git.head(pusher.work), MAIN))
    with hub.database.writing() as session:
        session.get_one(Repository, pusher.repository_id).visibility = visibility
    viewers = {"owner": pusher.viewer, "reader": reader, "admin": SYSTEM, "other": other, "nobody": ANONYMOUS}
    open_to = {name for name, viewer in viewers.items() if seen(hub, viewer)}
    everybody = set(viewers)
    assert open_to == (everybody if visibility is Visibility.PUBLIC else {"owner", "reader", "admin"})


def test_lists_of_a_person_a_repository_and_an_owner(
    pusher_as: Callable[[Role | None], Pusher], pusher: Pusher, hub: Hub
) -> None:
    commit, writer = pusher.git.head(pusher.work), pusher_as(Role.WRITE)
    for number, who in enumerate((pusher, writer, pusher)):
        who.push((ZERO, commit, f"refs/heads/b{number}"))
    with hub.database.reading() as session:
        anna, other = get_user(session, "anna"), session.get_one(User, writer.viewer.user_id)
        demo = session.get_one(Repository, pusher.repository_id)

        def names(pushes: list[Push]) -> list[str]:
            return [push.moves[0].name for push in pushes]

        assert names(activity.list_pushes_by(session, ANONYMOUS, anna)) == ["b2", "b0"]
        assert names(activity.list_pushes_by(session, ANONYMOUS, other)) == ["b1"]
        assert names(activity.list_pushes_to_owner(session, ANONYMOUS, anna)) == ["b2", "b1", "b0"]
        assert names(activity.list_pushes_to_owner(session, ANONYMOUS, anna, limit=2)) == ["b2", "b1"]
        assert names(activity.list_pushes_to_owner(session, ANONYMOUS, other)) == []
        first, second = activity.list_pushes_to(session, ANONYMOUS, demo, limit=2)
        assert names([first, second]) == ["b2", "b1"]
        assert names(activity.list_pushes_to(session, ANONYMOUS, demo, before=second.id)) == ["b0"]


def test_who_is_gone_has_no_name(
    pusher_as: Callable[[Role | None], Pusher], pusher: Pusher, hub: Hub
) -> None:
    commit, writer = pusher.git.head(pusher.work), pusher_as(Role.WRITE)
    pusher.push((ZERO, commit, MAIN))
    writer.push((ZERO, commit, "refs/heads/a"))
    with hub.database.writing() as session:
        leaving.delete_account(session, SYSTEM, session.get_one(User, writer.viewer.user_id))
    push = seen(hub)[0]
    assert (push.moves[0].name, push.pusher, push.key_name) == ("a", None, None)


def test_a_deploy_key_is_named(pusher: Pusher, hub: Hub) -> None:
    key = Viewer(name="build server", key_role=Role.WRITE, only=frozenset({pusher.repository_id}))
    commit = pusher.git.head(pusher.work)
    pusher.push((ZERO, commit, MAIN))
    with hub.database.reading() as session:
        demo = session.get_one(Repository, pusher.repository_id)
    Pusher(hub, demo, key, pusher.git, pusher.work).push((ZERO, commit, "refs/heads/a"))
    push = seen(hub)[0]
    assert (push.moves[0].name, push.pusher, push.key_name) == ("a", None, "build server")
