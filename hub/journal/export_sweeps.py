"""Journals that are written to refs although no act asked for it: what a crash left, and what was moved."""

from collections.abc import Iterable, Sequence

import structlog
from sqlalchemy import select, union

from hub.db import Database
from hub.errors import Unavailable
from hub.journal import exporting, healing
from hub.journal.models import JournalEntry, JournalReceipt, JournalTopic
from hub.repos.git.process import GitFailed

_log = structlog.get_logger(__name__)


def export_waiting(database: Database) -> int:
    """Exports what has waited; returns of how many repositories."""
    waiting = (
        select(JournalTopic.repository_id)
        .join(JournalEntry, JournalEntry.topic_id == JournalTopic.id)
        .where(JournalEntry.receipt_id.is_(None))
    )
    unwritten = select(JournalReceipt.repository_id).where(JournalReceipt.commit_id == "")
    to_rewrite = select(JournalTopic.repository_id).where(JournalTopic.needs_rewriting)
    with database.reading() as session:
        ids = sorted(session.scalars(union(waiting, unwritten, to_rewrite)))
    return _export_all(database, ids)


def look_at_heads(database: Database) -> int:
    """Heals every journal whose head is not where it was recorded, before anyone acts; returns how many."""
    return _export_all(database, _list_elsewhere(database, is_thorough=False))


def look_everywhere(database: Database) -> int:
    """Heals every journal of which any ref is not where it was recorded; returns how many."""
    return _export_all(database, _list_elsewhere(database, is_thorough=True))


def _list_elsewhere(database: Database, *, is_thorough: bool) -> list[int]:
    is_elsewhere = healing.is_any_elsewhere if is_thorough else healing.is_elsewhere
    with database.reading() as session:
        ids: Sequence[int] = session.scalars(select(JournalTopic.repository_id).distinct()).all()
    found = []
    for repository_id in ids:
        path = exporting.find_place(database, repository_id)
        if path is None:
            continue
        with database.reading() as session:
            if is_elsewhere(session, repository_id, path):
                found.append(repository_id)
    return found


def _export_all(database: Database, ids: Iterable[int]) -> int:
    done = 0
    for repository_id in ids:
        try:
            exporting.export(database, repository_id)
            done += 1
        except (GitFailed, Unavailable, OSError) as error:  # the next sweep asks again
            _log.error("journal_not_exported", repository_id=repository_id, error=str(error))
    return done
