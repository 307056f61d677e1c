"""Accounts here behind people of another hub: what an administrator says, of this hub alone.

A link shows who somebody is here, and has their changes found under that name. It gives no right over what
they said elsewhere, counts no verdict of theirs as one of the account's, and is no entry: it does not travel.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.accounts import audit
from hub.accounts.models import Principal, User
from hub.accounts.names import key_of
from hub.accounts.people import require_administrator
from hub.accounts.queries import find_user
from hub.errors import Conflict, Invalid, NotFound, text
from hub.journal.models import KnownPerson, Person
from hub.paging import PAGE_SIZE, Page, make_page, offset_of
from hub.repos.models import Repository

SIGN_LENGTH: Final = 8

_LINKED: Final = audit.action("person.linked", text("linked %(who)s of another hub to %(name)s"))
_UNLINKED: Final = audit.action("person.unlinked", text("took the link of %(who)s of another hub away"))


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Somebody of another hub; `sign` is the short form of its id, `account` who they are here."""

    id: int
    global_id: str
    name: str
    sign: str
    account: str | None


def list_elsewhere(session: Session, repository_id: int, *, page: int = 1) -> Page[Elsewhere]:
    """The people of other hubs whom the repository's journal knows by name. The caller checks who asks."""
    total = count_elsewhere(session, repository_id)
    query = (
        select(Person)
        .join(KnownPerson, KnownPerson.person_id == Person.id)
        .where(KnownPerson.repository_id == repository_id, *_is_elsewhere())
        .order_by(func.lower(Person.name), Person.id)
    )
    found = session.scalars(query.offset(offset_of(page)).limit(PAGE_SIZE))
    people = [
        Elsewhere(one.id, one.global_id, one.name or "", one.hub[:SIGN_LENGTH], one.account_name)
        for one in found
    ]
    return make_page(people, number=page, total=total)


def count_elsewhere(session: Session, repository_id: int) -> int:
    """How many there are."""
    known = select(func.count()).select_from(KnownPerson).join(Person, Person.id == KnownPerson.person_id)
    return session.scalar(known.where(KnownPerson.repository_id == repository_id, *_is_elsewhere())) or 0


def _is_elsewhere() -> tuple[ColumnElement[bool], ...]:
    # Whoever acts here has an account; who left this hub has no name any more, the hub itself no handle.
    return (Person.user_id.is_(None), Person.name.is_not(None), Person.handle != "")


def get_elsewhere(session: Session, repository: Repository, who: str) -> Person:
    """The person of another hub whom the repository knows by this id, `by@hub`, handle, or name; raises
    NotFound, and Conflict where several bear the name."""
    handle, _, sign = who.partition("@")
    is_it = or_(Person.handle == handle, Person.name == handle)
    query = (
        select(Person)
        .join(KnownPerson, KnownPerson.person_id == Person.id)
        .where(KnownPerson.repository_id == repository.id, *_is_elsewhere(), is_it)
        .where(Person.hub.startswith(sign, autoescape=True))
        .limit(2)
    )
    found = session.scalars(query).all()
    if not found:
        raise NotFound(
            text("%(path)s knows nobody of another hub called %(who)s.", path=repository.path, who=who[:100]),
            next_step=text("`hub user list-persons %(path)s` lists them.", path=repository.path),
        )
    if len(found) > 1:
        raise Conflict(
            text("Several people of other hubs are called %(who)s.", who=who[:100]),
            next_step=text("Give the id, as `hub user list-persons %(path)s` has it.", path=repository.path),
        )
    return found[0]


def link(session: Session, viewer: Viewer, repository: Repository, person: Person, *, name: str) -> None:
    """Says which account is that person's here; an empty name says that none is. For administrators.

    One account may have been several people. Raises Invalid, with the field `account`, where nobody is
    called so.
    """
    require_administrator(viewer)
    user = find_user(session, name) if name else None
    if name and user is None:
        fault = text("Nobody here is called “%(name)s”.", name=name[:100])
        raise Invalid(text("Nobody was linked."), {"account": fault})
    _set(person, user)
    session.flush()
    who = f"{person.name}@{person.hub[:SIGN_LENGTH]}"
    if user is None:
        audit.note(session, viewer, _UNLINKED, repository_id=repository.id, who=who)
    else:
        audit.note(
            session, viewer, _LINKED, repository_id=repository.id, user_id=user.id, who=who, name=user.name
        )


def _set(person: Person, user: User | None) -> None:
    person.account_id = None if user is None else user.id
    person.account_name = None if user is None else user.name


def follow_name(session: Session, user_id: int, name: str | None) -> None:
    """Has links say what the account is called now; None where it is gone, and with it the links."""
    values = {"account_name": name} if name is not None else {"account_name": None, "account_id": None}
    session.execute(update(Person).where(Person.account_id == user_id).values(values))


def is_of(user_id: int | None) -> ColumnElement[bool]:
    """Whether a person is that account's, by acting here or by a link, as part of a statement."""
    return or_(Person.user_id == user_id, Person.account_id == user_id)


def is_called(name: str) -> ColumnElement[bool]:
    """Whether a person is that of the account of this name, or bears it at another hub."""
    by_name = select(Principal.id).where(Principal.name_key == key_of(name)).scalar_subquery()
    return or_(
        Person.user_id == by_name,
        Person.account_id == by_name,
        Person.user_id.is_(None) & (Person.name == name) & (Person.handle != ""),
    )
