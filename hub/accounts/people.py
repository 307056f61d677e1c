"""The accounts of people as administrators see them: found, counted, and one of them in full."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from hub.access import Viewer
from hub.accounts.models import AccessToken, FormerName, Passkey, SignIn, SshKey, User
from hub.accounts.names import key_of
from hub.accounts.sign_in import totp
from hub.errors import NotFound, text
from hub.paging import PAGE_SIZE, Page, make_page, offset_of


class PersonState(StrEnum):
    """Whether a person may sign in, and why not."""

    ACTIVE = "active"
    PENDING = "pending"
    SUSPENDED = "suspended"
    DELETED = "deleted"


class PeopleFilter(StrEnum):
    """Which accounts a list shows; those that were deleted only where they are asked for."""

    ALL = "all"
    PENDING = "pending"
    SUSPENDED = "suspended"
    ADMINISTRATORS = "administrators"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One account in a list for administrators; one that was deleted has neither address nor name."""

    name: str
    email: str
    state: PersonState
    is_admin: bool
    is_demo: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """One account in full; `seen_at` is when a browser of theirs was last in use."""

    id: int
    name: str
    display_name: str
    email: str
    state: PersonState
    is_admin: bool
    is_demo: bool
    created_at: datetime
    seen_at: datetime | None
    former_names: list[str]
    key_count: int
    token_count: int
    sign_in_count: int
    has_password: bool
    has_authenticator: bool
    passkey_count: int


_IS_THERE: Final = User.deleted_at.is_(None)
_CONDITIONS: Final[Mapping[PeopleFilter, ColumnElement[bool]]] = {
    PeopleFilter.ALL: _IS_THERE,
    PeopleFilter.PENDING: and_(_IS_THERE, User.is_pending),
    PeopleFilter.SUSPENDED: and_(_IS_THERE, User.is_suspended),
    PeopleFilter.ADMINISTRATORS: and_(_IS_THERE, User.is_admin),
    PeopleFilter.DELETED: User.deleted_at.is_not(None),
}


def require_administrator(viewer: Viewer) -> None:
    """Raises NotFound for everybody else: to them the pages of administrators do not exist."""
    if not viewer.administers:
        raise NotFound(
            text("There is no page at this address."),
            next_step=text("Check the spelling, or begin at the first page."),
        )


def list_people(
    session: Session, viewer: Viewer, which: PeopleFilter, *, words: str = "", page: int = 1
) -> Page[PersonRow]:
    """The accounts whose name or address holds the words; those who wait for approval the oldest first."""
    require_administrator(viewer)
    conditions = [_CONDITIONS[which]]
    if words.strip():
        sought = key_of(words.strip())
        in_name = User.name_key.contains(sought, autoescape=True)
        conditions.append(or_(in_name, User.email_key.contains(sought, autoescape=True)))
    total = session.scalar(select(func.count()).select_from(User).where(*conditions)) or 0
    order = User.id if which is PeopleFilter.PENDING else User.name_key
    wanted = select(User).where(*conditions).order_by(order).offset(offset_of(page)).limit(PAGE_SIZE)
    return make_page([row_of(one) for one in session.scalars(wanted)], number=page, total=total)


def list_everybody(session: Session, viewer: Viewer, which: PeopleFilter) -> list[PersonRow]:
    """Every account of that kind by name, for the command line."""
    require_administrator(viewer)
    wanted = select(User).where(_CONDITIONS[which]).order_by(User.name_key)
    return [row_of(one) for one in session.scalars(wanted)]


def count_people(session: Session, viewer: Viewer) -> dict[PeopleFilter, int]:
    """How many accounts each filter finds."""
    require_administrator(viewer)
    counts = [func.count().filter(condition) for condition in _CONDITIONS.values()]
    found = session.execute(select(*counts).select_from(User)).one()
    return dict(zip(_CONDITIONS, found, strict=True))


def get_facts(session: Session, viewer: Viewer, user: User) -> PersonFacts:
    """One account in full."""
    require_administrator(viewer)
    row = row_of(user)
    left = select(FormerName.name_key).where(FormerName.principal_id == user.id).order_by(FormerName.left_at)
    return PersonFacts(
        id=user.id,
        name=row.name,
        display_name=user.display_name,
        email=row.email,
        state=row.state,
        is_admin=row.is_admin,
        is_demo=row.is_demo,
        created_at=row.created_at,
        seen_at=session.scalar(select(func.max(SignIn.seen_at)).where(SignIn.user_id == user.id)),
        former_names=list(session.scalars(left)),
        key_count=_count(session, SshKey.user_id, user),
        token_count=_count(session, AccessToken.user_id, user),
        sign_in_count=_count(session, SignIn.user_id, user),
        has_password=user.password_hash is not None,
        has_authenticator=totp.is_on(session, user.id),
        passkey_count=_count(session, Passkey.user_id, user),
    )


def _count(
    session: Session, column: InstrumentedAttribute[int] | InstrumentedAttribute[int | None], user: User
) -> int:
    return session.scalar(select(func.count()).where(column == user.id)) or 0


def row_of(user: User) -> PersonRow:
    """One account in a list."""
    email = "" if user.deleted_at is not None else user.email
    return PersonRow(user.name, email, state_of(user), user.is_admin, user.is_demo, user.created_at)


def state_of(user: User) -> PersonState:
    """Whether the person may sign in, and why not."""
    if user.deleted_at is not None:
        return PersonState.DELETED
    if user.is_pending:
        return PersonState.PENDING
    return PersonState.SUSPENDED if user.is_suspended else PersonState.ACTIVE
