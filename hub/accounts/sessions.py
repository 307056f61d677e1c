"""How a person gets in with a password, stays in, and gets out.

Passwords are verified between two short transactions, never inside one: verifying is slow by design,
and a failure must be counted although the request that brought it is refused.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.accounts import credentials, throttle
from hub.accounts.actions import check_password, set_password_hash
from hub.accounts.models import SignIn, User
from hub.accounts.names import key_of
from hub.accounts.queries import find_user
from hub.clock import now
from hub.db import Database
from hub.errors import Invalid, Unauthenticated, text

# A sensitive change asks for a proof that is not older.
PROOF_LIFETIME: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a sign-in comes from: the network address and what the browser calls itself."""

    address: str
    browser: str


def sign_in(database: Database, *, name: str, password: str, origin: Origin) -> str:
    """The secret of a new sign-in; raises Unauthenticated or TooMany."""
    with database.reading() as session:
        throttle.refuse_too_many(session, name, origin.address)
        password_hash = _find_password_hash(session, name)
    is_right = credentials.verify(password_hash, password)
    with database.writing() as session:
        # Read again: the account may have been suspended, or its password changed, in the meantime.
        user = find_user(session, name) if is_right else None
        if user is not None and user.password_hash == password_hash:
            refuse_inactive(user)
            throttle.forget_failures(session, name)
            return start(session, user, origin)
        throttle.note_failure(session, name, origin.address)
    raise Unauthenticated(
        text("The name or the password is not right."),
        text("Capital letters count in the password."),
        text("Whoever runs this hub can set a new password."),
    )


def start(session: Session, user: User, origin: Origin) -> str:
    """The secret of a new sign-in of this person."""
    secret = credentials.new_secret()
    at = now()
    session.add(
        SignIn(
            secret_hash=credentials.hash_secret(secret),
            user_id=user.id,
            created_at=at,
            seen_at=at,
            proved_at=at,
            address=origin.address[:64],
            browser=origin.browser[:300],
        )
    )
    session.flush()
    return secret


def end(session: Session, secret: str) -> None:
    """Ends the sign-in with this secret, where there is one."""
    session.execute(delete(SignIn).where(SignIn.secret_hash == credentials.hash_secret(secret)))


def end_all(session: Session, user_id: int, *, but_secret: str | None = None) -> None:
    """Ends every sign-in of a person, or all but the one with this secret."""
    ended = delete(SignIn).where(SignIn.user_id == user_id)
    if but_secret is not None:
        ended = ended.where(SignIn.secret_hash != credentials.hash_secret(but_secret))
    session.execute(ended)


def renew(session: Session, secret: str) -> str:
    """A new secret for the sign-in with this one, whose person has just proved who they are.

    Raises Unauthenticated where it ended in the meantime.
    """
    fresh = credentials.new_secret()
    renewed = session.execute(
        update(SignIn)
        .where(SignIn.secret_hash == credentials.hash_secret(secret))
        .values(secret_hash=credentials.hash_secret(fresh), proved_at=now())
        .returning(SignIn.id)
    )
    if renewed.first() is None:
        raise Unauthenticated(text("This browser is signed out."), next_step=text("Sign in again."))
    return fresh


def is_fresh(proved_at: datetime) -> bool:
    """Whether a proof of that moment still counts."""
    return proved_at + PROOF_LIFETIME > now()


def change_own_password(database: Database, viewer: Viewer, *, current: str, new: str, origin: Origin) -> str:
    """Sets the viewer's password, ends all their sign-ins, and returns the secret of a new one.

    Raises Invalid, with `current` or `new` as the field, or TooMany.
    """
    with database.reading() as session:
        user = session.get_one(User, viewer.user_id)
        throttle.refuse_too_many(session, user.name, origin.address)
        check_password(new, name=user.name, email=user.email, field="new")
    if not credentials.verify(user.password_hash, current):
        with database.writing() as session:
            throttle.note_failure(session, user.name, origin.address)
        fault = text("This is not your current password.")
        raise Invalid(text("The password was not changed."), {"current": fault})
    password_hash = credentials.hash_password(new)
    with database.writing() as session:
        user = session.get_one(User, viewer.user_id)
        set_password_hash(session, viewer, user, password_hash=password_hash)
        return start(session, user, origin)


def _find_password_hash(session: Session, name: str) -> str | None:
    return session.scalar(select(User.password_hash).where(User.name_key == key_of(name)))


def refuse_inactive(user: User) -> None:
    """Raises Unauthenticated, in words, where somebody who knows the password may not enter all the same."""
    if user.is_pending:
        raise Unauthenticated(
            text("Your account waits for approval."),
            text("An administrator looks at each new account before it can be used."),
            text("Sign in here once they have approved it."),
        )
    if not user.is_active:
        raise Unauthenticated(
            text("This account is suspended."),
            next_step=text("Ask whoever runs this hub."),
        )
