"""How somebody who is signed in proves again that it is them, before a sensitive change.

Any one of the ways that they have will do. Each proof gives the browser's sign-in a new secret.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.accounts import credentials, queries
from hub.accounts.models import ChallengePurpose, User
from hub.accounts.sign_in import challenges, passkeys, sessions, throttle, totp
from hub.accounts.sign_in.passkeys import Place
from hub.accounts.sign_in.sessions import Origin
from hub.db import Database
from hub.errors import Invalid, Text, text


@dataclass(frozen=True, slots=True)
class Ways:
    """How a person can prove it is them."""

    password: bool = False
    app: bool = False
    passkey: bool = False


def find_ways(session: Session, viewer: Viewer) -> Ways:
    """The ways that the viewer has."""
    user = queries.get_self(session, viewer)
    return Ways(
        password=user.password_hash is not None,
        app=totp.is_on(session, user.id),
        passkey=bool(passkeys.list_own(session, viewer)),
    )


def by_password(database: Database, viewer: Viewer, *, browser: str, password: str, origin: Origin) -> str:
    """The new secret of the sign-in that had the secret `browser`; raises Invalid or TooMany."""
    user = _get_unthrottled(database, viewer, origin)
    is_right = credentials.verify(user.password_hash, password)
    with database.writing() as session:
        # It may have been changed while it was verified.
        if is_right and session.get_one(User, user.id).password_hash == user.password_hash:
            return _proved(session, user, browser)
        throttle.note_failure(session, user.name, origin.address)
    raise _not_proved("password", text("This is not your password."))


def by_code(database: Database, viewer: Viewer, *, browser: str, code: str, origin: Origin) -> str:
    """As `by_password`, with a code of the authenticator app."""
    user = _get_unthrottled(database, viewer, origin)
    with database.writing() as session:
        if totp.spend(session, user.id, code):
            return _proved(session, user, browser)
        throttle.note_failure(session, user.name, origin.address)
    raise _not_proved("code", text("This is not the code of this moment, or it was used before."))


def ask_passkey(session: Session, viewer: Viewer, place: Place, *, former: str) -> tuple[str, str]:
    """The secret of a question to the viewer's passkeys, and the question as a browser reads it."""
    user = queries.get_self(session, viewer)
    secret, nonce = challenges.ask(session, ChallengePurpose.PROVE, user_id=user.id, instead_of=former)
    return secret, passkeys.question(session, place, nonce, user_id=user.id)


def by_passkey(
    database: Database,
    viewer: Viewer,
    place: Place,
    *,
    browser: str,
    question: str,
    answer: str,
    origin: Origin,
) -> str:
    """As `by_password`, with a passkey's answer to the question of that secret."""
    user = _get_unthrottled(database, viewer, origin)
    with database.writing() as session:
        asked = challenges.take(session, ChallengePurpose.PROVE, question)
    if asked is None or asked.user_id != user.id:
        raise _not_proved("answer", text("This was not finished within ten minutes. Begin again."))
    with database.reading() as session:
        used = passkeys.find_used(session, place, answer, asked=asked)
    with database.writing() as session:
        if used is not None and passkeys.note_use(session, used):
            return _proved(session, user, browser)
        throttle.note_failure(session, user.name, origin.address)
    raise _not_proved("answer", text("This is not a passkey of yours on this hub."))


def _get_unthrottled(database: Database, viewer: Viewer, origin: Origin) -> User:
    with database.reading() as session:
        user = queries.get_self(session, viewer)
        throttle.refuse_too_many(session, user.name, origin.address)
        return user


def _proved(session: Session, user: User, browser: str) -> str:
    throttle.forget_failures(session, user.name)
    return sessions.renew(session, browser)


def _not_proved(field: str, fault: Text) -> Invalid:
    return Invalid(text("This did not prove that it is you."), {field: fault})
