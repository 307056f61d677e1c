"""Questions put to a browser, each answered once and soon; its cookie holds the secret of each."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hub.accounts import credentials
from hub.accounts.models import Challenge, ChallengePurpose
from hub.clock import now

LIFETIME: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that waits for its answer: for whom, and what a passkey is to sign."""

    user_id: int | None
    nonce: bytes


def ask(
    session: Session, purpose: ChallengePurpose, *, user_id: int | None = None, instead_of: str = ""
) -> tuple[str, bytes]:
    """A new question's secret and what a passkey is to sign; the browser's former question is dropped."""
    if instead_of:
        take(session, purpose, instead_of)
    secret, nonce = credentials.new_secret(), secrets.token_bytes(32)
    session.add(
        Challenge(
            secret_hash=credentials.hash_secret(secret),
            purpose=purpose,
            user_id=user_id,
            challenge=nonce,
            created_at=now(),
        )
    )
    session.flush()
    return secret, nonce


def find(session: Session, purpose: ChallengePurpose, secret: str) -> Asked | None:
    """The question with this secret, where it still waits."""
    found = session.execute(
        select(Challenge.user_id, Challenge.challenge).where(
            Challenge.secret_hash == credentials.hash_secret(secret),
            Challenge.purpose == purpose,
            Challenge.created_at > now() - LIFETIME,
        )
    ).first()
    return None if found is None else Asked(found[0], found[1] or b"")


def take(session: Session, purpose: ChallengePurpose, secret: str) -> Asked | None:
    """As `find`, and nobody finds it again: of two who take it at the same moment one gets None."""
    taken = session.execute(
        delete(Challenge)
        .where(Challenge.secret_hash == credentials.hash_secret(secret), Challenge.purpose == purpose)
        .returning(Challenge.user_id, Challenge.challenge, Challenge.created_at)
    ).first()
    if taken is None or taken[2] <= now() - LIFETIME:
        return None
    return Asked(taken[0], taken[1] or b"")


def drop_of(session: Session, user_id: int) -> None:
    """Drops every question put to a person."""
    session.execute(delete(Challenge).where(Challenge.user_id == user_id))


def prune(session: Session) -> None:
    """Deletes questions that came to nothing."""
    session.execute(delete(Challenge).where(Challenge.created_at <= now() - LIFETIME))
