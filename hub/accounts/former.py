"""Names that people and organisations had before: where they lead, and how long nobody else takes them."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hub.accounts.models import FormerName, Principal, User
from hub.accounts.names import key_of
from hub.clock import now

# Links and clones go on while people learn the new name, and nobody takes it over in the meantime.
HELD: Final = timedelta(days=90)


def find_owner(session: Session, name: str) -> tuple[Principal | None, bool]:
    """Whoever is called so, and whether they only were before: then an edge leads to their name of today.

    A name that somebody bears always wins over one that somebody had; a deleted account's leads nowhere.
    """
    key = key_of(name)
    owner = session.scalars(select(Principal).where(Principal.name_key == key)).one_or_none()
    if owner is not None:
        return owner, False
    former = session.scalars(
        select(Principal)
        .join(FormerName, FormerName.principal_id == Principal.id)
        .where(FormerName.name_key == key)
    ).one_or_none()
    if former is None or (isinstance(former, User) and former.deleted_at is not None):
        return None, False
    return former, True


def find_held_until(session: Session, name: str, *, for_id: int | None = None) -> datetime | None:
    """Until when a name is kept for whoever had it before, or None; `for_id` may take theirs back."""
    row = session.get(FormerName, key_of(name))
    if row is None or row.principal_id == for_id or row.left_at + HELD <= now():
        return None
    return row.left_at + HELD


def list_held(session: Session, *, for_id: int | None = None) -> list[str]:
    """The names, as they are compared, that are kept for others than the principal of that id."""
    is_held = FormerName.left_at > now() - HELD
    return list(
        session.scalars(select(FormerName.name_key).where(is_held, FormerName.principal_id != (for_id or 0)))
    )


def hold(session: Session, principal: Principal) -> None:
    """Keeps the principal's name of this moment for them, before they take another."""
    session.add(FormerName(name_key=principal.name_key, principal_id=principal.id, left_at=now()))


def release(session: Session, name: str) -> None:
    """Has a name lead nowhere any more, since somebody takes it."""
    session.execute(delete(FormerName).where(FormerName.name_key == key_of(name)))
