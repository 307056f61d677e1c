"""Journals that are written to refs although no act asked for it: what a crash left, and what was moved."""

from collections.abc import Iterable
from typing import NamedTuple

import structlog
from sqlalchemy import func, select, union
from sqlalchemy.orm import Session

from hub.db import Database
from hub.errors import Unavailable
from hub.journal.format.ref_names import AT
from hub.journal.models import JournalEntry, JournalReceipt, JournalTopic
from hub.journal.refs import exporting, healing
from hub.repos.git.process import GitFailed
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import place
from hub.repos.models import Repository

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
    with database.reading() as session:
        recorded = _list_recorded_heads(session)
    config = database.config
    found = [
        one.repository_id
        for one in recorded
        if (RefFiles(place(config, one.storage, one.repository_id)).get(AT) or "") != one.commit_id
    ]
    return _export_all(database, found)


def look_everywhere(database: Database) -> int:
    """Heals every journal of which any ref is not where it was recorded; returns how many."""
    with database.reading() as session:
        ids = session.scalars(select(JournalTopic.repository_id).distinct()).all()
        found = [one for one in ids if _is_any_elsewhere(database, session, one)]
    return _export_all(database, found, is_thorough=True)


class _Recorded(NamedTuple):
    repository_id: int
    storage: str
    commit_id: str


def _list_recorded_heads(session: Session) -> list[_Recorded]:
    newest = (
        select(JournalReceipt.repository_id, func.max(JournalReceipt.seq).label("seq"))
        .where(JournalReceipt.commit_id != "")
        .group_by(JournalReceipt.repository_id)
        .subquery()
    )
    heads = (
        select(Repository.id, Repository.storage, func.coalesce(JournalReceipt.commit_id, ""))
        .outerjoin(newest, newest.c.repository_id == Repository.id)
        .outerjoin(
            JournalReceipt,
            (JournalReceipt.repository_id == Repository.id) & (JournalReceipt.seq == newest.c.seq),
        )
    )
    return [_Recorded(row[0], row[1], row[2]) for row in session.execute(heads)]


def _is_any_elsewhere(database: Database, session: Session, repository_id: int) -> bool:
    path = exporting.find_place(database, repository_id)
    return path is not None and healing.is_any_elsewhere(session, repository_id, path)


def _export_all(database: Database, ids: Iterable[int], *, is_thorough: bool = False) -> int:
    done = 0
    for repository_id in ids:
        try:
            exporting.export(database, repository_id, is_thorough=is_thorough)
            done += 1
        except (GitFailed, Unavailable, OSError) as error:  # the next sweep asks again
            _log.error("journal_not_exported", repository_id=repository_id, error=str(error))
    return done
