"""How somebody who is signed in proves again that it is them, before a sensitive change.

Each proof gives the browser's sign-in a new secret.
"""

from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.accounts import credentials, sessions, throttle
from hub.accounts.models import User
from hub.accounts.sessions import Origin
from hub.db import Database
from hub.errors import Invalid, text


def prove_by_password(
    database: Database, viewer: Viewer, *, secret: str, password: str, origin: Origin
) -> str:
    """The new secret of this browser's sign-in; raises Invalid with `password` as the field, or TooMany."""
    with database.reading() as session:
        user = session.get_one(User, viewer.user_id)
        throttle.refuse_too_many(session, user.name, origin.address)
    is_right = credentials.verify(user.password_hash, password)
    with database.writing() as session:
        if is_right and _has_same_password(session, user):
            throttle.forget_failures(session, user.name)
            return sessions.renew(session, secret)
        throttle.note_failure(session, user.name, origin.address)
    raise Invalid(text("This did not prove it."), {"password": text("This is not your password.")})


def _has_same_password(session: Session, user: User) -> bool:
    # It may have been changed while it was verified.
    return session.get_one(User, user.id).password_hash == user.password_hash
