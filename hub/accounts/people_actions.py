"""What administrators do with the accounts of people: let in, keep out, make administrators."""

from typing import Final

from sqlalchemy import delete
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.accounts import audit, credentials, names
from hub.accounts.access import require_admin
from hub.accounts.leaving import find_last_admin
from hub.accounts.models import SetupCode, User
from hub.accounts.sign_in import sessions
from hub.accounts.sign_in.passwords import set_password_hash
from hub.errors import Conflict, Text, text

MAX_REASON: Final = 200

APPROVED: Final = audit.action("account.approved", text("approved the account %(name)s"))
DECLINED: Final = audit.action("account.declined", text("declined the account %(name)s"))
SUSPENDED: Final = audit.action("account.suspended", text("suspended %(name)s"))
SUSPENDED_FOR: Final = audit.action("account.suspended_for", text("suspended %(name)s: %(reason)s"))
RESTORED: Final = audit.action("account.restored", text("let %(name)s in again"))
ADMIN_MADE: Final = audit.action("admin.made", text("made %(name)s an administrator"))
ADMIN_UNMADE: Final = audit.action("admin.unmade", text("took administration from %(name)s"))


def approve(session: Session, viewer: Viewer, user: User) -> None:
    """Lets a newcomer in; raises Conflict where nobody waits."""
    require_admin(viewer)
    _require(user.is_pending, text("The account %(name)s does not wait for approval.", name=user.name))
    user.is_pending = False
    session.flush()
    audit.note(session, viewer, APPROVED, user_id=user.id, name=user.name)


def decline(session: Session, viewer: Viewer, user: User) -> None:
    """Deletes the account of a newcomer who waits; their name is free at once. Raises Conflict."""
    require_admin(viewer)
    _require(user.is_pending, text("The account %(name)s does not wait for approval.", name=user.name))
    name = user.name
    session.delete(user)
    session.flush()
    audit.note(session, viewer, DECLINED, name=name)


def suspend(session: Session, viewer: Viewer, user: User, *, reason: str = "") -> None:
    """Keeps a person out: every sign-in, token and key of theirs is refused from now on. Raises Conflict."""
    require_admin(viewer)
    reason = names.clean_line(reason, field="reason", limit=MAX_REASON)
    _require(user.is_active, text("%(name)s cannot sign in as it is.", name=user.name))
    _require(user.id != viewer.user_id, text("You cannot suspend yourself."))
    _require_another_admin(session, user)
    user.is_suspended = True
    sessions.end_all(session, user.id)
    session.flush()
    if reason:
        audit.note(session, viewer, SUSPENDED_FOR, user_id=user.id, name=user.name, reason=reason)
    else:
        audit.note(session, viewer, SUSPENDED, user_id=user.id, name=user.name)


def restore(session: Session, viewer: Viewer, user: User) -> None:
    """Lets a suspended person in again, with the tokens and keys they had. Raises Conflict."""
    require_admin(viewer)
    is_out = user.is_suspended and user.deleted_at is None
    _require(is_out, text("The account %(name)s is not suspended.", name=user.name))
    user.is_suspended = False
    session.flush()
    audit.note(session, viewer, RESTORED, user_id=user.id, name=user.name)


def set_admin(session: Session, viewer: Viewer, user: User, *, is_admin: bool) -> None:
    """Makes a person an administrator, or takes that from them; raises Conflict."""
    require_admin(viewer)
    if is_admin:
        _require(user.is_active, text("%(name)s cannot sign in as it is.", name=user.name))
        _require(not user.is_admin, text("%(name)s is an administrator already.", name=user.name))
    else:
        _require(user.is_admin, text("%(name)s is no administrator.", name=user.name))
        _require_another_admin(session, user)
    user.is_admin = is_admin
    if is_admin:  # as where an account is made with it: the link that makes the first one stops working
        session.execute(delete(SetupCode))
    session.flush()
    audit.note(session, viewer, ADMIN_MADE if is_admin else ADMIN_UNMADE, user_id=user.id, name=user.name)


def give_password(session: Session, viewer: Viewer, user: User, *, password_hash: str) -> None:
    """Sets a password that an administrator hands to the person; whoever is signed in is signed out."""
    require_admin(viewer)
    _require(user.deleted_at is None, text("The account %(name)s is deleted.", name=user.name))
    set_password_hash(session, viewer, user, password_hash=password_hash)


def make_password() -> tuple[str, str]:
    """A random password that can be read out, and its hash; slow, for outside of a transaction."""
    password = credentials.new_secret()[:20]
    return password, credentials.hash_password(password)


def _require_another_admin(session: Session, user: User) -> None:
    fault = find_last_admin(session, user)
    if fault is not None:
        raise Conflict(text("This was not done."), fault)


def _require(holds: bool, fault: Text) -> None:
    if not holds:
        raise Conflict(text("This was not done."), fault)
