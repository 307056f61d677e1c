"""People, keys and repositories that change at random, and the model of who sees what of them."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from hub.access import Permission, Role, Scope, Visibility
from hub.accounts.models import User
from hub.accounts.queries import get_user
from hub.accounts.token_actions import create_token
from hub.repos import actions
from hub.repos.access import open_repository
from hub.repos.forks import forking as forks
from hub.repos.loans import settle
from hub.repos.models import Repository
from hub.repos.settings import deletion, deploy_keys, handover, settings
from tests.factories import SYSTEM, unique, write_key
from tests.served import Person, Served

PUBLIC, PRIVATE = Visibility.PUBLIC, Visibility.PRIVATE
MOST_PLACES = 6


@dataclass(eq=False)
class Place:
    """One repository, as the model knows it; `former` are paths that it had."""

    id: int
    owner: "Principal"
    name: str
    canary: str
    is_public: bool
    roles: dict["Principal", Role] = field(default_factory=dict)
    former: list[str] = field(default_factory=list)
    is_deleted: bool = False
    is_archived: bool = False

    @property
    def path(self) -> str:
        return f"{self.owner.person.name}/{self.name}"


@dataclass(eq=False)
class Principal:
    """Somebody who asks: by the token and the key of `person`, for a stranger by nothing.

    A limited token reaches the places in `only`; a deploy key its `home`.
    """

    label: str
    person: Person
    is_admin: bool = False
    is_suspended: bool = False
    holder: "Principal | None" = None
    only: tuple[Place, ...] = ()
    home: Place | None = None
    may_push: bool = False

    @property
    def is_anonymous(self) -> bool:
        return not self.person.token and self.home is None

    @property
    def by_key(self) -> "Principal":
        """Who they are over SSH: a key pushes and reads, so that an administrator's administers nothing."""
        return replace(self, is_admin=False) if self.is_admin else self


# The model. Everything that a hub says about who may do what has to agree with these two functions.


def role_in(who: Principal, place: Place) -> Role | None:
    if who.home is not None:
        return (Role.WRITE if who.may_push else Role.READ) if who.home is place else None
    if who.holder is not None:
        return role_in(who.holder, place) if place in who.only else None
    return Role.OWN if who.is_admin or who is place.owner else place.roles.get(who)


def sees(who: Principal, place: Place) -> bool:
    if place.is_deleted or (who.holder or who).is_suspended:
        return False  # a token or a key of nobody's opens not even what is public
    return place.is_public or role_in(who, place) is not None


def may_begin_to_push(who: Principal, place: Place) -> bool:
    if not sees(who, place) or place.is_archived or who.is_anonymous:
        return False
    is_limited_elsewhere = (who.holder is not None and place not in who.only) or who.home is not None
    if role_in(who, place) in (None, Role.READ):
        return place.is_public and not is_limited_elsewhere
    return True


class World:
    """A running hub with some people and places, and everything that may happen to them."""

    def __init__(self, served: Served, seed: int) -> None:
        self.served = served
        self.chance = random.Random(seed)  # to be repeated by its seed
        self.people = [self._enter(f"person {number}") for number in range(4)]
        self.admin = self._enter("administrator", is_admin=True)
        self.places = [self._make_place(owner) for owner in self.people[:3]]
        limited = Principal("limited token", self.people[0].person, holder=self.people[0])
        limited.only = (self.places[0], self.places[1])
        limited.person = self._limit(limited)
        nobody = Principal("anonymous", Person(0, "", "", "", served.folder / "no-key"))
        keys = [
            self._make_key(place, may_push=may_push)
            for place, may_push in zip(self.places, (False, True), strict=False)
        ]
        self.principals = [nobody, *self.people, self.admin, limited, *keys]

    def _enter(self, label: str, *, is_admin: bool = False) -> Principal:
        return Principal(label, self.served.person(is_admin=is_admin), is_admin=is_admin)

    def _make_place(self, owner: Principal) -> Place:
        name, canary = unique("place"), unique("canary")
        is_public = self.chance.random() < 0.5

        def make(session: Session) -> int:
            return actions.create_repository(
                session,
                SYSTEM,
                get_user(session, owner.person.name),
                name=name,
                description=canary,
                visibility=PUBLIC if is_public else PRIVATE,
            ).id

        return Place(settle(self.served.hub.database, make), owner, name, canary, is_public)

    def _limit(self, limited: Principal) -> Person:
        with self.served.hub.database.writing() as session:
            user = get_user(session, limited.person.name)
            _, token = create_token(
                session,
                user.viewer(),
                user,
                label="limited",
                scopes=frozenset({Scope.REPOSITORY_WRITE}),
                expires_at=None,
                repositories=[place.id for place in limited.only],
            )
        return Person(limited.person.id, limited.person.name, "", token, self.served.folder / "no-key")

    def _make_key(self, home: Place, *, may_push: bool) -> Principal:
        key = self.served.folder / unique("deploy")
        line = write_key(key)

        def add(session: Session) -> None:
            repository = session.get_one(Repository, home.id)
            deploy_keys.add_deploy_key(session, SYSTEM, repository, title="ci", line=line, may_push=may_push)

        settle(self.served.hub.database, add)
        return Principal("deploy key", Person(0, "", "", "", key), home=home, may_push=may_push)

    def step(self) -> tuple[str, Place | None]:
        """Does one thing, to the hub and to the model; returns what it was and the place concerned."""
        weighted = {
            self._grant: 5,
            self._revoke: 3,
            self._show_or_hide: 4,
            self._rename: 2,
            self._transfer: 2,
            self._archive_or_not: 1,
            self._delete: 1,
            self._restore: 2,
            self._fork: 2,
            self._suspend_or_not: 2,
        }
        (act,) = self.chance.choices(list(weighted), list(weighted.values()))
        return act.__name__, act()

    def _act(self, place: Place, work: Callable[[Session, Repository], object]) -> None:
        def act(session: Session) -> None:
            work(session, open_repository(session, SYSTEM, place.id, need=Permission.SEE))

        settle(self.served.hub.database, act)

    def _standing(self) -> Place | None:
        there = [place for place in self.places if not place.is_deleted]
        return self.chance.choice(there) if there else None

    def _grant(self) -> Place | None:
        place = self._standing()
        others = [one for one in self.people if place is not None and one is not place.owner]
        if place is None or place.is_archived:
            return None
        who, role = self.chance.choice(others), self.chance.choice(list(Role))
        self._act(place, lambda s, r: actions.grant(s, SYSTEM, r, get_user(s, who.person.name), role=role))
        place.roles[who] = role
        return place

    def _revoke(self) -> Place | None:
        place = self._standing()
        if place is None or not place.roles:
            return None
        who = self.chance.choice(list(place.roles))
        self._act(place, lambda s, r: actions.revoke(s, SYSTEM, r, get_user(s, who.person.name)))
        del place.roles[who]
        return place

    def _show_or_hide(self) -> Place | None:
        place = self._standing()
        if place is None:
            return None
        shown = PRIVATE if place.is_public else PUBLIC
        self._act(place, lambda s, r: settings.set_visibility(s, SYSTEM, r, visibility=shown))
        place.is_public = not place.is_public
        return place

    def _rename(self) -> Place | None:
        place = self._standing()
        if place is None:
            return None
        name = unique("place")
        self._act(place, lambda s, r: handover.rename(s, SYSTEM, r, name=name))
        place.former.append(place.path)
        place.name = name
        return place

    def _transfer(self) -> Place | None:
        place = self._standing()
        takers = [one for one in self.people if place and one is not place.owner and not one.is_suspended]
        if place is None or not takers:
            return None
        taker = self.chance.choice(takers)
        self._act(place, lambda s, r: handover.transfer(s, SYSTEM, r, get_user(s, taker.person.name)))
        place.former.append(place.path)
        place.owner = taker
        place.roles.pop(taker, None)
        for one in self.principals:
            one.is_suspended |= one.home is place  # a deploy key ends with the owner who made it
        return place

    def _archive_or_not(self) -> Place | None:
        place = self._standing()
        if place is None:
            return None
        change = settings.unarchive if place.is_archived else settings.archive
        self._act(place, lambda s, r: change(s, SYSTEM, r))
        place.is_archived = not place.is_archived
        return place

    def _delete(self) -> Place | None:
        place = self._standing()
        if place is None:
            return None
        self._act(place, lambda s, r: deletion.delete_repository(s, SYSTEM, r))
        place.is_deleted = True
        return place

    def _restore(self) -> Place | None:
        gone = [place for place in self.places if place.is_deleted]
        if not gone:
            return None
        place = self.chance.choice(gone)
        settle(self.served.hub.database, lambda s: deletion.restore_repository(s, SYSTEM, place.id).id)
        place.is_deleted = False
        return place

    def _fork(self) -> Place | None:
        origin = self._standing()
        who = self.chance.choice(self.people)
        if origin is None or len(self.places) >= MOST_PLACES or not sees(who, origin):
            return None
        name, canary = unique("place"), unique("canary")
        is_public = origin.is_public and self.chance.random() < 0.5

        def make(session: Session) -> int:
            user = get_user(session, who.person.name)
            return forks.fork_repository(
                session,
                user.viewer(),
                open_repository(session, user.viewer(), origin.id, need=Permission.SEE),
                owner=user,
                name=name,
                description=canary,
                visibility=PUBLIC if is_public else PRIVATE,
            ).id

        place = Place(settle(self.served.hub.database, make), who, name, canary, is_public)
        self.places.append(place)
        return place

    def _suspend_or_not(self) -> Place | None:
        who = self.chance.choice(self.people)
        with self.served.hub.database.writing() as session:
            session.get_one(User, who.person.id).is_suspended = not who.is_suspended
        who.is_suspended = not who.is_suspended
        return self._standing()
