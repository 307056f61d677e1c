"""How an account ends: what is in its way, and what is left of it."""

from collections.abc import Callable
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.accounts import audit, former
from hub.accounts.access import require_self
from hub.accounts.models import (
    AccessToken,
    Challenge,
    Passkey,
    RecoveryCode,
    SignIn,
    SshKey,
    Totp,
    User,
)
from hub.clock import now
from hub.errors import Conflict, Text, text
from hub.events import PersonDeleted, publish

DELETED: Final = audit.action("account.deleted", text("deleted the account %(name)s"))

# Whose rows belong to the person alone; other features delete theirs when they hear of PersonDeleted.
_OWN_ROWS: Final = (AccessToken, SshKey, SignIn, Totp, Passkey, RecoveryCode, Challenge)

# Says why this person cannot leave yet, with the next step, or None.
FindObstacle = Callable[[Session, User], Text | None]
_obstacles: Final[list[FindObstacle]] = []


def obstacle(find: FindObstacle) -> FindObstacle:
    """Registers something that may keep a person's account from being deleted by themself."""
    _obstacles.append(find)
    return find


def list_obstacles(session: Session, user: User) -> list[Text]:
    """What the person has to do before they can delete their account."""
    found = [find(session, user) for find in _obstacles]
    return [one for one in (*found, find_last_admin(session, user)) if one is not None]


def delete_account(session: Session, viewer: Viewer, user: User) -> None:
    """Ends the account: nobody signs in with it again, and nothing personal is left. Raises Conflict.

    An administrator may end an account that still owns repositories; these stay, under its tombstone.
    """
    require_self(viewer, user)
    is_own = viewer.user_id == user.id
    last_admin = find_last_admin(session, user)
    obstacles = list_obstacles(session, user) if is_own else [one for one in (last_admin,) if one]
    if obstacles:
        raise Conflict(text("The account was not deleted."), obstacles[0])
    if user.deleted_at is not None:
        raise Conflict(text("The account was not deleted."), text("It was deleted before."))
    audit.note(session, viewer, DELETED, user_id=user.id, name=user.name)
    publish(session, PersonDeleted(user.id))
    for rows in _OWN_ROWS:
        session.execute(delete(rows).where(rows.user_id == user.id))
    former.hold(session, user)
    _make_tombstone(user)
    session.flush()


def find_last_admin(session: Session, user: User) -> Text | None:
    """Why this person has to stay an administrator who can sign in, or None: a hub needs one."""
    if not user.is_admin or not user.is_active:
        return None
    admins = select(User).where(
        User.is_admin, User.is_suspended.is_(False), User.is_pending.is_(False), User.deleted_at.is_(None)
    )
    if session.info["writing"]:
        # Of two who go at the same moment, the second waits here and then finds themself the last.
        admins = admins.with_for_update().execution_options(populate_existing=True)
    rows = session.scalars(admins).all()
    if any(one.id != user.id for one in rows):
        return None
    return text(
        "%(name)s is the last administrator. Make somebody else one first.",
        name=user.name,
    )


def _make_tombstone(user: User) -> None:
    tombstone = f"deleted-{user.id}"
    user.name = user.name_key = user.look_key = tombstone
    user.email = user.email_key = tombstone
    user.display_name = user.about = user.website = ""
    user.password_hash = None
    user.is_admin = False
    user.is_pending = False
    user.deleted_at = now()
