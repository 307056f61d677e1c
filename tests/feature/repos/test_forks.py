"""Forks: what they begin with, whose objects they borrow, and when that ends."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access import Role, Visibility
from hub.accounts.models import User
from hub.app import Hub
from hub.errors import Conflict, Forbidden, Invalid, Unavailable
from hub.repos import receive
from hub.repos.actions import grant
from hub.repos.forks.forking import find_distance, fork_repository, sync_fork
from hub.repos.git.store import directory
from hub.repos.jobs import copy_borrowed_objects
from hub.repos.lists import count_forks
from hub.repos.loans import LoansInTheWay, make_whole, settle
from hub.repos.models import RefLogEntry, Repository
from hub.repos.settings.deletion import delete_repository
from hub.repos.settings.settings import set_visibility
from tests.factories import SYSTEM, make_collaborator, make_user, unique
from tests.feature.repos.pushing import ZERO, Pusher, reasons

ALTERNATES = "objects/info/alternates"


def fork(hub: Hub, origin_id: int, *, owner: int | None = None, private: bool = False) -> Repository:
    """A fork of it, of a new person where no owner is given."""
    with hub.database.writing() as session:
        person = make_user(session) if owner is None else session.get_one(User, owner)
        made = fork_repository(
            session,
            person.viewer(),
            session.get_one(Repository, origin_id),
            owner=person,
            name=unique("fork"),
            visibility=Visibility.PRIVATE if private else Visibility.PUBLIC,
        )
        session.flush()
        session.refresh(made)
        session.expunge_all()
    return made


def place_of(hub: Hub, one: Repository) -> Path:
    return directory(hub.config, one)


@pytest.fixture
def filled(pusher: Pusher) -> Pusher:
    """anna/demo with a branch, a tag and a ref that is not for forks."""
    head = pusher.git.head(pusher.work)
    pusher.push((ZERO, head, "refs/heads/main"), (ZERO, head, "refs/tags/v1"))
    pusher.run(pusher.directory, "update-ref", "refs/changes/1/1", head)
    return pusher


def test_fork_has_the_branches_and_tags_and_borrows_the_objects(hub: Hub, filled: Pusher) -> None:
    made = fork(hub, filled.repository_id)
    path = place_of(hub, made)
    head = filled.git.head(filled.work)
    assert filled.run(path, "for-each-ref", "--format=%(refname) %(objectname)").decode().split("\n")[
        :-1
    ] == [
        f"refs/heads/main {head}",
        f"refs/tags/v1 {head}",
    ]
    filled.run(path, "fsck", "--full", "--strict")
    assert (made.origin_id, made.lender_id, made.refs_count) == (
        filled.repository_id,
        filled.repository_id,
        2,
    )
    assert list((path / "objects/pack").iterdir()) == []
    with hub.database.reading() as session:
        logged = session.scalars(select(RefLogEntry.ref).where(RefLogEntry.repository_id == made.id)).all()
    assert sorted(logged) == ["refs/heads/main", "refs/tags/v1"]
    found = receive.reconcile(hub.database, made.id)
    assert found is not None
    assert not found.found_something


def test_fork_of_an_empty_repository_is_empty(hub: Hub, pusher: Pusher) -> None:
    made = fork(hub, pusher.repository_id)
    assert pusher.run(place_of(hub, made), "for-each-ref") == b""


def test_made_whole_a_fork_has_everything_itself(hub: Hub, filled: Pusher) -> None:
    made = fork(hub, filled.repository_id)
    path = place_of(hub, made)
    unreachable = (
        filled.run(filled.directory, "hash-object", "-w", "--stdin", stdin=b"hidden").decode().strip()
    )
    make_whole(hub.database, made.id)
    make_whole(hub.database, made.id)
    assert not (path / ALTERNATES).exists()
    filled.run(path, "fsck", "--full", "--strict")
    with pytest.raises(Exception, match="cat-file"):
        filled.run(path, "cat-file", "-e", unreachable)
    with hub.database.reading() as session:
        assert session.get_one(Repository, made.id).lender_id is None


def test_making_whole_keeps_what_was_pushed_to_the_fork(hub: Hub, filled: Pusher) -> None:
    made = fork(hub, filled.repository_id)
    path = place_of(hub, made)
    lost = (
        filled.run(path, "hash-object", "-w", "--stdin", stdin=b"left by a deleted branch").decode().strip()
    )
    filled.git.commit(filled.work, "second")
    filled.run(filled.work, "push", "-q", str(path), "main")
    make_whole(hub.database, made.id)
    filled.run(path, "fsck", "--full", "--strict")
    filled.run(path, "cat-file", "-e", lost)


def test_fork_of_a_borrowing_fork_borrows_from_the_same_lender(hub: Hub, filled: Pusher) -> None:
    middle = fork(hub, filled.repository_id)
    filled.git.commit(filled.work, "of the middle")
    filled.run(filled.work, "push", "-q", str(place_of(hub, middle)), "main")
    last = fork(hub, middle.id)
    assert (last.origin_id, last.lender_id) == (middle.id, filled.repository_id)
    make_whole(hub.database, middle.id)
    filled.run(place_of(hub, last), "fsck", "--full", "--strict")
    make_whole(hub.database, last.id)
    filled.run(place_of(hub, last), "fsck", "--full", "--strict")


@pytest.mark.parametrize("change", ["narrowed", "deleted"])
def test_what_forks_borrow_from_changes_only_once_they_are_whole(
    hub: Hub, filled: Pusher, change: str
) -> None:
    made = fork(hub, filled.repository_id)
    change_it = {
        "narrowed": lambda session, one: set_visibility(session, SYSTEM, one, visibility=Visibility.PRIVATE),
        "deleted": lambda session, one: delete_repository(session, SYSTEM, one),
    }[change]
    with pytest.raises(LoansInTheWay), hub.database.writing() as session:
        change_it(session, session.get_one(Repository, filled.repository_id))
    settle(
        hub.database,
        lambda session: change_it(session, session.get_one(Repository, filled.repository_id)),
    )
    assert not (place_of(hub, made) / ALTERNATES).exists()
    filled.run(place_of(hub, made), "fsck", "--full", "--strict")


def test_what_takes_longer_than_a_page_is_copied_by_the_worker(hub: Hub, filled: Pusher) -> None:
    made = fork(hub, filled.repository_id)
    with hub.database.writing() as session:
        session.get_one(Repository, filled.repository_id).size_bytes = 30_000_000

    def narrow(session: Session) -> None:
        one = session.get_one(Repository, filled.repository_id)
        set_visibility(session, SYSTEM, one, visibility=Visibility.PRIVATE)

    with pytest.raises(Unavailable, match="Nothing is changed yet"):
        settle(hub.database, narrow)
    assert (place_of(hub, made) / ALTERNATES).exists()
    copy_borrowed_objects.function(hub.database, made.id)
    copy_borrowed_objects.function(hub.database, made.id)
    settle(hub.database, narrow)
    assert not (place_of(hub, made) / ALTERNATES).exists()


def test_many_small_forks_are_copied_by_the_worker_as_well(hub: Hub, filled: Pusher) -> None:
    """Many forks of something small are few bytes and many runs of git: in the page of an owner who makes it
    private they would hold a web worker for minutes."""
    made = [fork(hub, filled.repository_id) for _ in range(21)]

    def narrow(session: Session) -> None:
        one = session.get_one(Repository, filled.repository_id)
        set_visibility(session, SYSTEM, one, visibility=Visibility.PRIVATE)

    with pytest.raises(Unavailable, match="Nothing is changed yet"):
        settle(hub.database, narrow)
    for one in made:
        assert (place_of(hub, one) / ALTERNATES).exists()
        copy_borrowed_objects.function(hub.database, one.id)
    settle(hub.database, narrow)


def test_fork_of_a_private_repository_is_private(hub: Hub, private_repository: Repository) -> None:
    with pytest.raises(Invalid) as refused:
        fork(hub, private_repository.id, owner=private_repository.owner_id)
    assert str(refused.value.fields["visibility"]) == "A fork of a private repository is private."


def test_fork_of_a_private_repository_belongs_to_its_readers(
    hub: Hub, private_repository: Repository
) -> None:
    with pytest.raises(Forbidden, match="belongs to somebody who may read it"):
        fork(hub, private_repository.id, private=True)
    made = fork(hub, private_repository.id, owner=private_repository.owner_id, private=True)
    assert made.lender_id == private_repository.id


@pytest.mark.parametrize("reads_origin", [True, False])
def test_private_fork_is_made_whole_for_a_reader_who_may_not_read_its_origin(
    hub: Hub, private_repository: Repository, reads_origin: bool
) -> None:
    made = fork(hub, private_repository.id, owner=private_repository.owner_id, private=True)
    with hub.database.writing() as session:
        origin = session.get_one(Repository, private_repository.id)
        person = make_collaborator(session, origin, role=Role.READ) if reads_origin else make_user(session)
        person_id = person.id
    settle(
        hub.database,
        lambda session: grant(
            session,
            SYSTEM,
            session.get_one(Repository, made.id),
            session.get_one(User, person_id),
            role=Role.READ,
        ),
    )
    assert (place_of(hub, made) / ALTERNATES).exists() == reads_origin


def test_fork_is_synced_forward_and_not_otherwise(hub: Hub, filled: Pusher) -> None:
    made = fork(hub, filled.repository_id)
    with hub.database.writing() as session:
        viewer = session.get_one(User, made.owner_id).viewer()
    old = filled.git.head(filled.work)
    new = filled.git.commit(filled.work, "second")
    filled.push((old, new, "refs/heads/main"))
    with hub.database.reading() as session:
        distance = find_distance(session, viewer, session.get_one(Repository, made.id))
    assert distance is not None
    assert (distance.ahead, distance.behind) == (0, 1)
    assert sync_fork(hub.database, viewer, made.path) == new
    assert sync_fork(hub.database, viewer, made.path) is None
    filled.run(filled.work, "checkout", "-q", "-b", "own", old)
    filled.git.commit(filled.work, "own way")
    filled.run(filled.work, "push", "-qf", str(place_of(hub, made)), "own:main")
    with pytest.raises(Conflict, match="commits of its own"):
        sync_fork(hub.database, viewer, made.path)


def test_whole_fork_is_synced_with_copies(hub: Hub, filled: Pusher) -> None:
    made = fork(hub, filled.repository_id)
    make_whole(hub.database, made.id)
    old = filled.git.head(filled.work)
    new = filled.git.commit(filled.work, "second")
    filled.push((old, new, "refs/heads/main"))
    with hub.database.reading() as session:
        viewer = session.get_one(User, made.owner_id).viewer()
    assert sync_fork(hub.database, viewer, made.path) == new
    filled.run(place_of(hub, made), "fsck", "--full", "--strict")


def test_forks_are_counted_for_those_who_see_them(hub: Hub, private_repository: Repository) -> None:
    fork(hub, private_repository.id, owner=private_repository.owner_id, private=True)
    with hub.database.writing() as session:
        origin = session.get_one(Repository, private_repository.id)
        reader = make_collaborator(session, origin, role=Role.READ)
        assert count_forks(session, SYSTEM, origin) == 1
        assert count_forks(session, reader.viewer(), origin) == 0


def test_push_that_counts_on_the_lender_is_refused_once_the_loan_has_ended(hub: Hub, filled: Pusher) -> None:
    """The attack: a push begins while its fork borrows, on top of what only the origin has."""
    made = fork(hub, filled.repository_id)
    path = place_of(hub, made)
    old = filled.git.head(filled.work)
    secret = filled.git.commit(filled.work, "of the origin alone")
    filled.send()
    with hub.database.reading() as session:
        viewer = session.get_one(User, made.owner_id).viewer()
    bens = Pusher(hub, made, viewer, filled.git, filled.work)
    on_top = (
        bens.run(path, "commit-tree", "-p", secret, "-m", "on top", f"{secret}^{{tree}}").decode().strip()
    )
    make_whole(hub.database, made.id)
    judgement = bens.judge((old, on_top, "refs/heads/main"))
    assert reasons(judgement) == {"refs/heads/main": "some objects are not there any more; push again"}


def test_token_of_a_fork_alone_names_no_object_of_its_private_lender(hub: Hub, filled: Pusher) -> None:
    """The attack: a token for a private fork names objects of the private repository that it borrows from."""
    old = filled.git.head(filled.work)
    with hub.database.writing() as session:
        origin = session.get_one(Repository, filled.repository_id)
        origin.visibility = Visibility.PRIVATE
        anna = origin.owner_id
    made = fork(hub, filled.repository_id, owner=anna, private=True)
    assert made.lender_id == filled.repository_id
    secret = filled.git.commit(filled.work, "of the origin alone")
    filled.send()
    with hub.database.reading() as session:
        viewer = session.get_one(User, anna).viewer()
    narrow = replace(viewer, only=frozenset({made.id}))
    wide = replace(viewer, only=frozenset({made.id, filled.repository_id}))

    answers = [
        reasons(Pusher(hub, made, one, filled.git, filled.work).judge((old, secret, "refs/heads/main")))
        for one in (narrow, wide)
    ]

    assert answers == [
        {"refs/heads/main": "the token does not reach the origin"},
        {"refs/heads/main": "ok"},
    ]
