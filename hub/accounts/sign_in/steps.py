"""How a person gets in: a password, then a second step where they have one; or a passkey alone.

Whatever is verified slowly is verified between two short transactions, never inside one; and a failure must
be counted although the request that brought it is refused.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts import credentials
from hub.accounts.models import ChallengePurpose, User
from hub.accounts.names import key_of
from hub.accounts.queries import find_user
from hub.accounts.sign_in import challenges, passkeys, proving, recovery, sessions, throttle, totp
from hub.accounts.sign_in.passkeys import Place
from hub.accounts.sign_in.proving import Ways
from hub.accounts.sign_in.sessions import Origin
from hub.db import Database
from hub.errors import Invalid, Unauthenticated, text


@dataclass(frozen=True, slots=True)
class Step:
    """How far somebody came: a sign-in's secret if they are in, else that of the question that comes next."""

    secret: str
    is_in: bool


def by_password(database: Database, *, name: str, password: str, origin: Origin) -> Step:
    """The step after the right password; raises Unauthenticated or TooMany."""
    with database.reading() as session:
        throttle.refuse_too_many(session, name, origin.address)
        password_hash = _find_password_hash(session, name)
    is_right = credentials.verify(password_hash, password)
    with database.writing() as session:
        # Read again: the account may have been suspended, or its password changed, in the meantime.
        user = find_user(session, name) if is_right else None
        if user is not None and user.password_hash == password_hash:
            refuse_inactive(user)
            return _after_password(session, user, origin)
        throttle.note_failure(session, name, origin.address)
    raise Unauthenticated(
        text("The name or the password is not right."),
        text("Capital letters count in the password."),
        text("Whoever runs this hub can set a new password."),
    )


def _after_password(session: Session, user: User, origin: Origin) -> Step:
    if recovery.has_second_step(session, user.id):
        # The failures of before still count: who knows the password could try codes for ever.
        secret, _ = challenges.ask(session, ChallengePurpose.SECOND_STEP, user_id=user.id)
        return Step(secret, is_in=False)
    throttle.forget_failures(session, user.name)
    return Step(sessions.start(session, user, origin), is_in=True)


def by_code(database: Database, *, question: str, code: str, origin: Origin) -> str:
    """The secret of a new sign-in, for a code of the app or of recovery after the right password.

    `question` is the secret of the step before. Raises Unauthenticated, Invalid or TooMany.
    """
    with database.reading() as session:
        user = _get_asked(session, question)
        throttle.refuse_too_many(session, user.name, origin.address)
    with database.writing() as session:
        user = _get_asked(session, question)
        refuse_inactive(user)
        if totp.spend(session, user.id, code) or recovery.spend(session, user.viewer(), user.id, code):
            if challenges.take(session, ChallengePurpose.SECOND_STEP, question) is None:
                raise _too_late()
            throttle.forget_failures(session, user.name)
            return sessions.start(session, user, origin)
        throttle.note_failure(session, user.name, origin.address)
    fault = text("This code does not work. Each one works once; one of an app for about a minute.")
    raise Invalid(text("You are not signed in yet."), {"code": fault})


def find_asked(session: Session, question: str) -> User | None:
    """Who is to take the second step, or None where the question of this secret is no longer open."""
    asked = challenges.find(session, ChallengePurpose.SECOND_STEP, question)
    return None if asked is None else session.get(User, asked.user_id)


def _get_asked(session: Session, question: str) -> User:
    user = find_asked(session, question)
    if user is None:
        raise _too_late()
    return user


def find_ways(session: Session, question: str) -> Ways:
    """The ways to take the second step; none where the question is no longer open."""
    user = find_asked(session, question)
    return Ways() if user is None else proving.find_ways(session, user.viewer())


def ask_passkey(
    database: Database, place: Place, *, question: str, former: str, origin: Origin
) -> tuple[str, str]:
    """The secret of a question to a passkey, and the question as a browser reads it.

    After a right password `question` is the secret of that step, and only that person's passkeys answer;
    `former` is the secret of this browser's question before. Raises TooMany.
    """
    with database.writing() as session:
        throttle.count_question(session, origin.address)
        asked = challenges.find(session, ChallengePurpose.SECOND_STEP, question)
        user_id = None if asked is None else asked.user_id
        secret, nonce = challenges.ask(
            session, ChallengePurpose.PASSKEY_SIGN_IN, user_id=user_id, instead_of=former
        )
        return secret, passkeys.question(session, place, nonce, user_id=user_id)


def by_passkey(database: Database, place: Place, *, question: str, answer: str, origin: Origin) -> str:
    """The secret of a new sign-in, for a passkey's answer; that counts as both steps.

    Raises Unauthenticated or TooMany.
    """
    with database.writing() as session:
        asked = challenges.take(session, ChallengePurpose.PASSKEY_SIGN_IN, question)
    if asked is None:
        raise _too_late()
    with database.reading() as session:
        throttle.refuse_too_many(session, None, origin.address)
        used = passkeys.find_used(session, place, answer, asked=asked)
    with database.writing() as session:
        if used is not None and passkeys.note_use(session, used):
            user = session.get_one(User, used.user_id)
            refuse_inactive(user)
            throttle.forget_failures(session, user.name)
            return sessions.start(session, user, origin)
        throttle.note_failure(session, None, origin.address)
    raise Unauthenticated(
        text("This passkey does not sign in here."),
        text("It may have been removed, or it belongs to another hub or another person."),
        text("Use another one, or your name and password."),
    )


def _too_late() -> Unauthenticated:
    return Unauthenticated(
        text("This sign-in is over."),
        text("It was not finished within ten minutes, or it was finished already."),
        text("Begin again with your name and password."),
    )


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


def _find_password_hash(session: Session, name: str) -> str | None:
    return session.scalar(select(User.password_hash).where(User.name_key == key_of(name)))
