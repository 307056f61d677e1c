"""Background work about credentials: noting their last use, deleting what ended."""

from datetime import timedelta

from sqlalchemy import delete, or_, update
from sqlalchemy.orm import Session

from hub.accounts.credentials import TOUCH_AFTER, idle_time, is_stale
from hub.accounts.models import AccessToken, SignIn, SshKey
from hub.accounts.sign_in import challenges, throttle, totp
from hub.clock import now
from hub.db import Database
from hub.events import KeyUsed, SignInUsed, TokenUsed, on
from hub.jobs import enqueue, every, job


@job
def note_token_use(database: Database, token_id: int) -> None:
    """Writes down that a token is in use."""
    with database.writing() as session:
        session.execute(
            update(AccessToken)
            .where(AccessToken.id == token_id)
            .where(or_(AccessToken.last_used_at.is_(None), AccessToken.last_used_at <= now() - TOUCH_AFTER))
            .values(last_used_at=now())
        )


@job
def note_key_use(database: Database, key_id: int) -> None:
    """Writes down that an SSH key is in use."""
    with database.writing() as session:
        session.execute(
            update(SshKey)
            .where(SshKey.id == key_id)
            .where(or_(SshKey.last_used_at.is_(None), SshKey.last_used_at <= now() - TOUCH_AFTER))
            .values(last_used_at=now())
        )


@job
def note_sign_in_use(database: Database, sign_in_id: int) -> None:
    """Writes down that a browser's sign-in is in use, so that it does not end as unused."""
    with database.writing() as session:
        sign_in = session.get(SignIn, sign_in_id)
        if sign_in is not None and is_stale(sign_in.seen_at):
            sign_in.seen_at = now()


@every(minutes=10)
def prune(database: Database) -> None:
    """Deletes sign-ins that ended, and attempts and questions that no longer count."""
    idle = idle_time(database.config)
    longest = timedelta(days=database.config.session_days)
    with database.writing() as session:
        session.execute(
            delete(SignIn).where(or_(SignIn.seen_at <= now() - idle, SignIn.created_at <= now() - longest))
        )
        throttle.prune(session)
        challenges.prune(session)
        totp.prune(session)


@on(TokenUsed)
def _when_token_used(session: Session, event: TokenUsed) -> None:
    enqueue(session, note_token_use, event.token_id)


@on(KeyUsed)
def _when_key_used(session: Session, event: KeyUsed) -> None:
    enqueue(session, note_key_use, event.key_id)


@on(SignInUsed)
def _when_sign_in_used(session: Session, event: SignInUsed) -> None:
    enqueue(session, note_sign_in_use, event.sign_in_id)
