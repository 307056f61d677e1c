"""What administrators are told of journals: what waits to be written, and what was found damaged."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Subquery, func, select, tuple_
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.accounts import audit
from hub.clock import now
from hub.errors import NotFound, text
from hub.journal.models import DamageKind, JournalDamage, JournalEntry, JournalReceipt, JournalTopic
from hub.journal.recording import REPOSITORY
from hub.paging import PAGE_SIZE, Page, make_page, offset_of
from hub.repos.models import Repository

# The worker writes within seconds, and looks every five minutes for what a crash left.
LATE: Final = timedelta(minutes=10)

_ACKNOWLEDGED: Final = audit.action(
    "journal.damage_acknowledged", text("looked at what was found in %(ref)s of %(path)s")
)


@dataclass(frozen=True, slots=True)
class Damage:
    """What was found in a ref of a repository's journal; `kept_as` is where something foreign went."""

    id: int
    path: str
    kind: DamageKind
    ref: str
    kept_as: str
    found_at: datetime
    acknowledged_at: datetime | None


@dataclass(frozen=True, slots=True)
class JournalState:
    """A repository's journal: its id, its newest receipt and when that was, and what waits for one."""

    path: str
    id: str
    receipts: int
    receipted_at: datetime | None
    waiting: int
    waiting_since: datetime | None

    @property
    def is_late(self) -> bool:
        """Whether something waits for longer than it should."""
        return self.waiting_since is not None and self.waiting_since < now() - LATE


@dataclass(frozen=True, slots=True)
class Counts:
    """How many journals there are, how many have waited too long, and what was found damaged: all of it, and
    what nobody has looked at yet."""

    journals: int
    late: int
    damage: int
    unseen: int


def count_journals(session: Session) -> Counts:
    """The numbers of all journals. The caller checks who asks."""
    waiting = _waiting()
    is_late = waiting.c.since < int((now() - LATE).timestamp())
    own = select(func.count()).select_from(JournalTopic).where(JournalTopic.type == REPOSITORY)
    damage = select(func.count(), func.count(JournalDamage.acknowledged_at))
    found, seen = session.execute(damage).one()
    return Counts(
        journals=session.scalar(own) or 0,
        late=session.scalar(select(func.count()).select_from(waiting).where(is_late)) or 0,
        damage=found,
        unseen=found - seen,
    )


def list_damage(session: Session, *, page: int = 1) -> Page[Damage]:
    """What was found, first what nobody has looked at yet, the newest first. The caller checks who asks."""
    total = session.scalar(select(func.count()).select_from(JournalDamage)) or 0
    rows = (
        select(JournalDamage, Repository)
        .join(Repository, Repository.id == JournalDamage.repository_id)
        .order_by(JournalDamage.acknowledged_at.is_not(None), JournalDamage.id.desc())
    )
    found = session.execute(rows.offset(offset_of(page)).limit(PAGE_SIZE))
    return make_page([_told(one, repository) for one, repository in found], number=page, total=total)


def _told(one: JournalDamage, repository: Repository) -> Damage:
    return Damage(
        id=one.id,
        path=repository.path,
        kind=one.kind,
        ref=one.ref,
        kept_as=one.kept_as,
        found_at=one.found_at,
        acknowledged_at=one.acknowledged_at,
    )


def acknowledge(session: Session, viewer: Viewer, damage_id: int) -> None:
    """Says that somebody has looked at it; raises NotFound. The caller checks who asks."""
    row = session.get(JournalDamage, damage_id)
    if row is None:
        raise NotFound(
            text("Nothing of this number was found damaged."),
            next_step=text("`hub journal status` lists what was."),
        )
    if row.acknowledged_at is not None:
        return
    row.acknowledged_at = now()
    path = session.get_one(Repository, row.repository_id).path
    audit.note(session, viewer, _ACKNOWLEDGED, repository_id=row.repository_id, ref=row.ref, path=path)


def list_journals(session: Session, *, page: int = 1) -> Page[JournalState]:
    """The journals of all repositories, first those where something waits. The caller checks who asks."""
    waiting = _waiting()
    is_own = JournalTopic.type == REPOSITORY
    total = session.scalar(select(func.count()).select_from(JournalTopic).where(is_own)) or 0
    rows = session.execute(
        select(Repository, JournalTopic.topic_id, waiting.c.entries, waiting.c.since)
        .join(JournalTopic, (JournalTopic.repository_id == Repository.id) & is_own)
        .outerjoin(waiting, waiting.c.repository_id == Repository.id)
        .order_by(func.coalesce(waiting.c.entries, 0).desc(), Repository.id.desc())
        .offset(offset_of(page))
        .limit(PAGE_SIZE)
    ).all()
    newest = _newest_receipts(session, [one.id for one, *_ in rows])
    states = []
    for repository, topic_id, entries, since in rows:
        seq, at = newest.get(repository.id, (0, None))
        waits = None if since is None else datetime.fromtimestamp(since, UTC)
        states.append(JournalState(repository.path, topic_id, seq, at, entries or 0, waits))
    return make_page(states, number=page, total=total)


def _waiting() -> Subquery:
    return (
        select(
            JournalTopic.repository_id,
            func.count().label("entries"),
            func.min(JournalEntry.at).label("since"),
        )
        .join(JournalEntry, JournalEntry.topic_id == JournalTopic.id)
        .where(JournalEntry.receipt_id.is_(None))
        .group_by(JournalTopic.repository_id)
        .subquery()
    )


def _newest_receipts(session: Session, ids: Sequence[int]) -> dict[int, tuple[int, datetime]]:
    """Number and time of the newest receipt of each of these repositories that has one."""
    newest = (
        select(JournalReceipt.repository_id, func.max(JournalReceipt.seq))
        .where(JournalReceipt.repository_id.in_(ids))
        .group_by(JournalReceipt.repository_id)
    )
    wanted = [tuple(row) for row in session.execute(newest)]
    is_it = tuple_(JournalReceipt.repository_id, JournalReceipt.seq).in_(wanted)
    rows = session.execute(
        select(JournalReceipt.repository_id, JournalReceipt.seq, JournalReceipt.data).where(is_it)
    )
    return {
        repository_id: (seq, datetime.fromtimestamp(json.loads(data)["at"], UTC))
        for repository_id, seq, data in rows
    }
