"""Who changed what about people, credentials, roles and rules: noted once, never changed, shown to owners."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.accounts.models import AuditEntry
from hub.clock import now
from hub.errors import Text, text
from hub.paging import PAGE_SIZE, Page, make_page, offset_of

# What may be noted, with its sentence; the values in it are the details of the entry. Features add theirs.
_SENTENCES: Final[dict[str, Text]] = {}


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One entry of a list: when, who, and what they did, in a sentence."""

    at: datetime
    actor_name: str
    what: Text


def action(name: str, sentence: Text) -> str:
    """Registers something that can be noted, such as ("key.added", "added the SSH key “%(title)s”")."""
    assert name not in _SENTENCES, f"{name} is registered twice"
    _SENTENCES[name] = sentence
    return name


def note(
    session: Session,
    viewer: Viewer,
    what: str,
    *,
    user_id: int | None = None,
    repository_id: int | None = None,
    **details: object,
) -> None:
    """Adds an entry in this transaction, about a person, a repository, or both."""
    assert what in _SENTENCES, f"{what} is not registered"
    session.add(
        AuditEntry(
            at=now(),
            actor_id=viewer.user_id,
            actor_name=(viewer.name or "")[:40],
            action=what,
            user_id=user_id,
            repository_id=repository_id,
            details={name: str(value) for name, value in details.items()},
        )
    )


def list_of_person(session: Session, user_id: int, *, page: int = 1) -> Page[AuditRow]:
    """What happened to a person's account, the newest first. The caller checks who asks."""
    return _list(session, AuditEntry.user_id == user_id, page)


def list_of_repository(session: Session, repository_id: int, *, page: int = 1) -> Page[AuditRow]:
    """What happened to a repository, the newest first. The caller checks who asks."""
    return _list(session, AuditEntry.repository_id == repository_id, page)


def list_all(session: Session, *, page: int = 1) -> Page[AuditRow]:
    """Everything, the newest first. The caller checks who asks."""
    return _list(session, AuditEntry.id > 0, page)


def _list(session: Session, condition: ColumnElement[bool], page: int) -> Page[AuditRow]:
    total = session.scalar(select(func.count()).select_from(AuditEntry).where(condition)) or 0
    wanted = select(AuditEntry).where(condition).order_by(AuditEntry.id.desc())
    rows = [_row(one) for one in session.scalars(wanted.offset(offset_of(page)).limit(PAGE_SIZE))]
    return make_page(rows, number=page, total=total)


def _row(entry: AuditEntry) -> AuditRow:
    sentence = _SENTENCES.get(entry.action)
    # An entry of a version that knew more is shown by its name; older ones have no path of a repository.
    what = text(entry.action) if sentence is None else text(sentence.message, **{"path": "…"} | entry.details)
    return AuditRow(entry.at, entry.actor_name, what)
