"""What can be read about accounts and their credentials."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access import Scope, Viewer
from hub.accounts.former import find_owner
from hub.accounts.models import AccessToken, Principal, PrincipalKind, SshKey, User
from hub.accounts.names import key_of
from hub.clock import now
from hub.errors import Moved, NotFound, Unauthenticated, text


@dataclass(frozen=True, slots=True)
class Owner:
    """What a page says about whoever owns repositories; of a deleted account nothing but that."""

    name: str
    display_name: str
    kind: PrincipalKind
    created_at: datetime
    about: str = ""
    website: str = ""
    is_deleted: bool = False
    is_suspended: bool = False


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One access token, without its secret."""

    id: int
    label: str
    scopes: list[Scope]
    is_limited: bool
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    is_expired: bool


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One SSH key."""

    id: int
    title: str
    kind: str
    fingerprint: str
    created_at: datetime
    last_used_at: datetime | None


def find_user(session: Session, name: str) -> User | None:
    """The person of that name, in any case of its letters, or None; former names are not looked at."""
    return session.scalars(select(User).where(User.name_key == key_of(name))).one_or_none()


def get_user(session: Session, name: str) -> User:
    """The person of that name; raises NotFound, and Moved where they have another one now."""
    found, has_moved = find_owner(session, name)
    if not isinstance(found, User):
        raise NotFound(
            text("There is no account “%(name)s”.", name=name),
            next_step=text("Check the spelling."),
        )
    if has_moved:
        raise Moved(name, found.name)
    return found


def get_self(session: Session, viewer: Viewer) -> User:
    """The viewer's own account; raises Unauthenticated for a stranger."""
    user = None if viewer.user_id is None else session.get(User, viewer.user_id)
    if user is None:
        raise Unauthenticated(text("Nobody is signed in."), next_step=text("Sign in first."))
    return user


def find_principal(session: Session, name: str) -> Principal | None:
    """Whoever can own repositories under that name, or None; raises Moved for a former name."""
    found, has_moved = find_owner(session, name)
    if found is not None and has_moved:
        raise Moved(name, found.name)
    return found


def get_principal(session: Session, name: str) -> Principal:
    """Whoever can own repositories under that name; raises NotFound, and Moved for a former name."""
    found = find_principal(session, name)
    if found is None:
        raise _nobody(name)
    return found


def _nobody(name: str) -> NotFound:
    return NotFound(
        text("Nobody here is called “%(name)s”.", name=name),
        next_step=text("Check the spelling, or begin at the first page."),
    )


def get_shown(session: Session, viewer: Viewer, name: str) -> Principal:
    """As `get_principal`, but a newcomer who is not let in yet is shown to administrators only."""
    found = get_principal(session, name)
    if isinstance(found, User) and found.is_pending and not viewer.administers:
        raise _nobody(name)
    return found


def describe(viewer: Viewer, principal: Principal) -> Owner:
    """What a page says about this owner; of somebody who is suspended their own words are not shown."""
    owner = Owner(principal.name, principal.display_name, principal.kind, principal.created_at)
    if not isinstance(principal, User):
        return owner
    is_shown = principal.is_active or viewer.administers
    return dataclasses.replace(
        owner,
        display_name=principal.display_name if is_shown else "",
        about=principal.about if is_shown else "",
        website=principal.website if is_shown else "",
        is_deleted=principal.deleted_at is not None,
        is_suspended=principal.is_suspended,
    )


def has_admin(session: Session) -> bool:
    """Whether somebody administers the hub already."""
    return session.scalar(select(User.id).where(User.is_admin).limit(1)) is not None


def list_tokens(session: Session, user: User) -> list[TokenRow]:
    """The person's tokens, the newest first."""
    at = now()
    return [
        TokenRow(
            id=one.id,
            label=one.label,
            scopes=sorted(one.scope_set),
            is_limited=one.is_limited,
            created_at=one.created_at,
            expires_at=one.expires_at,
            last_used_at=one.last_used_at,
            is_expired=one.expires_at is not None and one.expires_at <= at,
        )
        for one in session.scalars(
            select(AccessToken).where(AccessToken.user_id == user.id).order_by(AccessToken.id.desc())
        )
    ]


def list_keys(session: Session, user: User) -> list[KeyRow]:
    """The person's SSH keys, the newest first."""
    return [
        KeyRow(one.id, one.title, one.kind, one.fingerprint, one.created_at, one.last_used_at)
        for one in session.scalars(select(SshKey).where(SshKey.user_id == user.id).order_by(SshKey.id.desc()))
    ]
