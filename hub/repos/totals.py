"""What all repositories of the hub come to."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.repos.models import Repository


@dataclass(frozen=True, slots=True)
class Totals:
    """How many repositories there are, and what they take on disk."""

    count: int
    size_bytes: int


def count_repositories(session: Session) -> Totals:
    """All repositories that are not deleted, private ones included. The caller checks who asks."""
    found = session.execute(
        select(func.count(), func.coalesce(func.sum(Repository.size_bytes), 0)).where(
            Repository.deleted_at.is_(None)
        )
    ).one()
    return Totals(int(found[0]), int(found[1]))
