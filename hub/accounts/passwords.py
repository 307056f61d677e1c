"""How somebody who is signed in changes their own password. What a password must be says `actions`."""

from hub.access import Viewer
from hub.accounts import credentials, sessions, throttle
from hub.accounts.actions import check_password, set_password_hash
from hub.accounts.models import User
from hub.accounts.sessions import Origin
from hub.db import Database
from hub.errors import Invalid, text


def change_own(database: Database, viewer: Viewer, *, current: str, new: str, origin: Origin) -> str:
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
        return sessions.start(session, user, origin)
