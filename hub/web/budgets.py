"""How many requests somebody may make in a minute: counted in the database, for all workers together.

No Flask here: the worker forgets what was counted.
"""

import math
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Integer, String, bindparam, delete, select, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.clock import now
from hub.db import Base, Database, UtcDateTime

WINDOW: Final = timedelta(minutes=1)


class Budget(Base):
    """How many requests were counted for a subject since its minute began; the next one begins it anew."""

    __tablename__ = "budgets"

    subject: Mapped[str] = mapped_column(String(80), primary_key=True)
    began_at: Mapped[datetime]
    spent: Mapped[int]


_READ: Final = select(Budget.spent, Budget.began_at).where(Budget.subject == bindparam("subject"))

# One statement, so that of requests at the same moment each gets a number of its own.
_COUNT: Final = (
    text(
        """
        INSERT INTO budgets (subject, began_at, spent) VALUES (:subject, :at, 1)
        ON CONFLICT (subject) DO UPDATE SET
            spent = CASE WHEN budgets.began_at > :since THEN budgets.spent + 1 ELSE 1 END,
            began_at = CASE WHEN budgets.began_at > :since THEN budgets.began_at ELSE :at END
        RETURNING spent, began_at
        """
    )
    .bindparams(bindparam("at", type_=UtcDateTime()), bindparam("since", type_=UtcDateTime()))
    .columns(spent=Integer, began_at=UtcDateTime)
)


def spend(database: Database, subject: str, *, limit: int) -> int:
    """Counts a request; how many seconds to wait where it is beyond the limit, which 0 says it is not.

    In transactions of its own. Once the limit is reached nothing is written any more: whoever goes on asking
    costs a read.
    """
    at = now()
    with database.reading() as session:
        known = session.execute(_READ, {"subject": subject}).one_or_none()
    if known is not None and known.spent >= limit and known.began_at > at - WINDOW:
        return _wait(known.began_at, at)
    with database.writing() as session:
        counted = session.execute(_COUNT, {"subject": subject, "at": at, "since": at - WINDOW}).one()
    return 0 if counted.spent <= limit else _wait(counted.began_at, at)


def _wait(began_at: datetime, at: datetime) -> int:
    # Of two requests at the same moment the later one may have begun the minute.
    return math.ceil(max(1.0, (began_at + WINDOW - max(began_at, at)).total_seconds()))


def forget(database: Database) -> None:
    """Deletes what no longer counts."""
    with database.writing() as session:
        session.execute(delete(Budget).where(Budget.began_at <= now() - WINDOW))
