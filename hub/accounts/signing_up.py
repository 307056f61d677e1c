"""How newcomers make an account themselves, where the hub's setting `sign_up` lets them."""

from datetime import timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.accounts import audit, credentials
from hub.accounts.actions import check_new, insert_user
from hub.accounts.models import Attempt, User
from hub.accounts.sign_in import sessions
from hub.accounts.sign_in.sessions import Origin
from hub.accounts.sign_in.throttle import network_subject
from hub.clock import now
from hub.config import Config
from hub.db import Database
from hub.errors import NotFound, TooMany, text

PER_NETWORK: Final = 20
WINDOW: Final = timedelta(minutes=15)

SIGNED_UP: Final = audit.action("account.signed_up", text("signed up"))


def is_open(config: Config) -> bool:
    """Whether newcomers may make an account."""
    return config.sign_up != "closed"


def require_open(config: Config) -> None:
    """Raises NotFound where only administrators make accounts."""
    if not is_open(config):
        raise NotFound(
            text("Nobody signs up here."),
            text("On this hub administrators make the accounts."),
            text("Ask whoever runs this hub for one."),
        )


def sign_up(database: Database, *, name: str, email: str, password: str, origin: Origin) -> str | None:
    """Makes an account; the secret of its first sign-in, or None where it waits for approval first.

    Raises NotFound, Invalid or TooMany.
    """
    require_open(database.config)
    with database.writing() as session:
        _count(session, origin)
    with database.reading() as session:
        name, email = check_new(session, name=name, email=email, password=password, with_looks=True)
    password_hash = credentials.hash_password(password)
    with database.writing() as session:
        # Asked again: another newcomer may have been faster.
        check_new(session, name=name, email=email, password=None, with_looks=True)
        user = insert_user(session, name=name, email=email, password_hash=password_hash)
        return _begin(session, user, origin, is_pending=database.config.sign_up == "approval")


def _begin(session: Session, user: User, origin: Origin, *, is_pending: bool) -> str | None:
    user.is_pending = is_pending
    session.flush()
    audit.note(session, user.viewer(), SIGNED_UP, user_id=user.id)
    return None if is_pending else sessions.start(session, user, origin)


def _count(session: Session, origin: Origin) -> None:
    # Refused tries count too: each of them tells whether a name or an address is in use.
    subject = f"sign-up {network_subject(origin.address)}"
    since = now() - WINDOW
    counted = select(func.count()).where(Attempt.subject == subject, Attempt.at > since)
    if (session.scalar(counted) or 0) >= PER_NETWORK:
        raise TooMany(
            text("Too many accounts were asked for from this network."),
            retry_after_seconds=int(WINDOW.total_seconds()),
        )
    session.add(Attempt(subject=subject, at=now()))
