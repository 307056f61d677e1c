"""What a password must be, and how it is set: by somebody for themself, or by an administrator."""

from typing import Final

from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.accounts import audit, credentials
from hub.accounts.access import require_self
from hub.accounts.models import User
from hub.accounts.sign_in import sessions, throttle
from hub.accounts.sign_in.sessions import Origin
from hub.db import Database
from hub.errors import Invalid, Text, text

MIN_PASSWORD: Final = 8
MAX_PASSWORD: Final = 1024

PASSWORD_SET: Final = audit.action("account.password_set", text("set a new password for %(name)s"))


def check_password(password: str, *, name: str, email: str, field: str) -> None:
    """Raises Invalid, under the name of the form's field, for a password that protects nothing."""
    fault: Text | None = None
    if len(password) < MIN_PASSWORD:
        fault = text("A password has at least %(least)s characters.", least=MIN_PASSWORD)
    elif len(password) > MAX_PASSWORD:
        fault = text("A password has at most %(most)s characters.", most=MAX_PASSWORD)
    elif password.casefold() in (name.casefold(), email.casefold()):
        fault = text("This password is the first that anybody would try. Choose another one.")
    if fault is not None:
        raise Invalid(text("This password cannot be used."), {field: fault})


def change_password(session: Session, viewer: Viewer, user: User, *, password: str) -> None:
    """Sets a new password and ends every sign-in of the account; keys and tokens stay."""
    require_self(viewer, user)
    check_password(password, name=user.name, email=user.email, field="new")
    set_password_hash(session, viewer, user, password_hash=credentials.hash_password(password))


def set_password_hash(session: Session, viewer: Viewer, user: User, *, password_hash: str) -> None:
    """As `change_password`, for a caller that hashed before its transaction began."""
    require_self(viewer, user)
    user.password_hash = password_hash
    sessions.end_all(session, user.id)
    audit.note(session, viewer, PASSWORD_SET, user_id=user.id, name=user.name)
    session.flush()


def change_own(
    database: Database, viewer: Viewer, *, browser: str, current: str, new: str, origin: Origin
) -> str:
    """Sets the viewer's password, ends all their sign-ins, and returns the secret of a new one.

    `browser` is the secret of the sign-in that asks, "" for a token. Raises Invalid, with `current` or `new`
    as the field, Unauthenticated where that sign-in ended in the meantime, or TooMany.
    """
    with database.reading() as session:
        user = session.get_one(User, viewer.user_id)
        throttle.refuse_too_many(session, user.name, origin.address)
        check_password(new, name=user.name, email=user.email, field="new")
    if not credentials.verify(user.password_hash, current):
        with database.writing() as session:
            throttle.note_failure(session, user.name, origin.address)
        raise _not_current()
    verified, password_hash = user.password_hash, credentials.hash_password(new)
    with database.writing() as session:
        user = session.get_one(User, viewer.user_id, with_for_update=True)
        # It may have been changed while both were hashed, or this browser signed out: that is what counts.
        if user.password_hash != verified:
            raise _not_current()
        if browser:
            sessions.renew(session, browser)
        set_password_hash(session, viewer, user, password_hash=password_hash)
        return sessions.start(session, user, origin)


def _not_current() -> Invalid:
    fault = text("This is not your current password.")
    return Invalid(text("The password was not changed."), {"current": fault})
