"""How often a sign-in may fail, per account and per network it comes from, and how often one may begin.

And how often an e-mail address may be changed, since each try tells whether somebody has it.
"""

import hashlib
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from hub.accounts.models import Attempt
from hub.accounts.names import key_of
from hub.clock import now
from hub.errors import Text, TooMany, text
from hub.networks import network_of

WINDOW: Final = timedelta(minutes=15)
PER_ACCOUNT: Final = 10
PER_NETWORK: Final = 30
QUESTIONS_PER_NETWORK: Final = 300
ADDRESSES_PER_NETWORK: Final = 20


def account_subject(name: str) -> str:
    """What stands for an account, whether it exists or not: people type passwords there, so a hash."""
    return "account:" + hashlib.sha256(key_of(name).encode("utf-8", "surrogatepass")).hexdigest()


def network_subject(address: str) -> str:
    """The network an address belongs to: /24 of IPv4, /64 of IPv6."""
    return f"network:{network_of(address, bits=64)}"


def refuse_too_many(session: Session, name: str | None, address: str) -> None:
    """Raises TooMany where the account or the network failed too often; the text is the same for both.

    The name is None where nobody says who they are, as with a passkey.
    """
    since = now() - WINDOW
    limits = {network_subject(address): PER_NETWORK}
    if name is not None:
        limits[account_subject(name)] = PER_ACCOUNT
    counts = session.execute(
        select(Attempt.subject, func.count())
        .where(Attempt.subject.in_(limits), Attempt.at > since)
        .group_by(Attempt.subject)
    )
    if any(count >= limits[subject] for subject, count in counts):
        raise TooMany(
            text("Too many sign-ins failed."),
            text("After some failures an account, or a network, is refused for a while."),
            retry_after_seconds=int(WINDOW.total_seconds()),
        )


def note_failure(session: Session, name: str | None, address: str) -> None:
    """Counts one failed sign-in against the account and the network."""
    at = now()
    if name is not None:
        session.add(Attempt(subject=account_subject(name), at=at))
    session.add(Attempt(subject=network_subject(address), at=at))


def count_question(session: Session, address: str) -> None:
    """Counts a question to a passkey, which everybody may ask for; raises TooMany for the network.

    Each leaves a row for a while: without a limit one program could fill the database.
    """
    fault = text("Too many sign-ins were begun from this network.")
    _count(session, f"question {network_subject(address)}", QUESTIONS_PER_NETWORK, fault)


def count_address(session: Session, address: str) -> None:
    """Counts a change of an e-mail address, refused or not; raises TooMany for the network."""
    fault = text("Too many e-mail addresses were tried from this network.")
    _count(session, f"e-mail {network_subject(address)}", ADDRESSES_PER_NETWORK, fault)


def _count(session: Session, subject: str, limit: int, fault: Text) -> None:
    counted = select(func.count()).where(Attempt.subject == subject, Attempt.at > now() - WINDOW)
    if (session.scalar(counted) or 0) >= limit:
        raise TooMany(fault, retry_after_seconds=int(WINDOW.total_seconds()))
    session.add(Attempt(subject=subject, at=now()))


def forget_failures(session: Session, name: str) -> None:
    """Clears an account's failures once its person is in; the network's stay."""
    session.execute(delete(Attempt).where(Attempt.subject == account_subject(name)))


def prune(session: Session) -> None:
    """Deletes what no longer counts."""
    session.execute(delete(Attempt).where(Attempt.at <= now() - WINDOW))
