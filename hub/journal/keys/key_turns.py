"""Whoever opens a journal with the hub's key, and whoever changes that key, wait for each other."""

from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

_POSTGRESQL_LOCK: Final = 4858


def keep_key(session: Session) -> None:
    """Has the hub's key stay what it is until this transaction ends; many may do so at once."""
    if _is_postgresql(session):
        session.execute(select(func.pg_advisory_xact_lock_shared(_POSTGRESQL_LOCK)))


def take_key(session: Session) -> None:
    """Waits for all who opened a journal, and has others wait who want to, until this transaction ends."""
    if _is_postgresql(session):
        session.execute(select(func.pg_advisory_xact_lock(_POSTGRESQL_LOCK)))


def _is_postgresql(session: Session) -> bool:
    # SQLite's writers wait for each other anyway.
    return session.get_bind().dialect.name == "postgresql"
