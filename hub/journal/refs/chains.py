"""The commits of a topic, from its rows: the same rows give the same commits, whenever they are written."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from hub.db import Base
from hub.journal.format.records import body_name, commit_bytes, message_of
from hub.journal.models import JournalBody, JournalEntry, JournalOrigin, JournalReceipt, JournalTopic
from hub.repos.git.record_objects import RecordObjects

_ENTRIES: Final = Base.metadata.tables[JournalEntry.__tablename__]
_BODIES: Final = Base.metadata.tables[JournalBody.__tablename__]
_IS_OF_THESE: Final = (_ENTRIES.c.topic_id == bindparam("of_topic")) & (
    _ENTRIES.c.receipt_id >= bindparam("first")
)
_LIST_ENTRIES: Final = (
    select(
        _ENTRIES.c.receipt_id,
        _ENTRIES.c.id,
        _ENTRIES.c.kind,
        _ENTRIES.c.data,
        _ENTRIES.c.signature,
        _ENTRIES.c.origin_id,
    )
    .where(_IS_OF_THESE)
    .order_by(_ENTRIES.c.receipt_id, _ENTRIES.c.position)
)
_LIST_BODIES: Final = (
    select(_BODIES.c.entry_id, _BODIES.c.position, _BODIES.c.content)
    .join(_ENTRIES, _ENTRIES.c.id == _BODIES.c.entry_id)
    .where(_IS_OF_THESE)
    .order_by(_BODIES.c.entry_id, _BODIES.c.position)
)


@dataclass(frozen=True, slots=True)
class Chain:
    """The commits of a topic that were written: the id of each by the id of its receipt's row, in order.

    `is_whole` says whether they are all of the topic's, `texts` how many texts stood in it then.
    """

    topic_row_id: int
    commits: Mapping[int, str]
    is_whole: bool
    texts: int

    @property
    def tip(self) -> str:
        """The newest commit, empty where there is none."""
        return list(self.commits.values())[-1] if self.commits else ""


class _Listed(NamedTuple):
    row_id: int
    kind: str
    data: bytes
    signature: bytes
    origin_id: int | None


def write_chain(session: Session, objects: RecordObjects, topic: JournalTopic) -> Chain:
    """Writes the topic's commits that are not written yet; all of them where it is to be rewritten."""
    is_whole = topic.needs_rewriting
    wanted = select(JournalReceipt).where(JournalReceipt.topic_id == topic.id).order_by(JournalReceipt.seq)
    if not is_whole:
        wanted = wanted.where(JournalReceipt.commit_id == "")
    receipts = session.scalars(wanted).all()
    ids = [one.id for one in receipts]
    entries, bodies = _entries_of(session, topic, ids), _bodies_of(session, topic, ids)
    origins = _origins_of(session, entries.values())
    parent, commits = "" if is_whole else topic.tip, {}
    for receipt in receipts:
        listed = entries[receipt.id]
        files = {
            body_name(i, j): content
            for i, one in enumerate(listed)
            for j, content in bodies.get(one.row_id, ())
        }
        named = {one.origin_id for one in listed if one.origin_id is not None}
        passed_on = [origins[one][1:] for one in sorted(named, key=lambda one: origins[one][0])]
        value = json.loads(receipt.data)
        message = message_of(
            receipt.seq,
            (one.kind for one in listed),
            [
                *((one.data, one.signature) for one in listed),
                *passed_on,
                (receipt.data, receipt.signature),
            ],
        )
        parent = objects.write_commit(commit_bytes(objects.write_tree(files), parent, value["at"], message))
        commits[receipt.id] = parent
    return Chain(topic.id, commits, is_whole, count_texts(session, topic.id) if is_whole else 0)


def count_texts(session: Session, topic_row_id: int) -> int:
    """How many texts of the topic were not withheld."""
    there = (
        select(func.count())
        .select_from(JournalBody)
        .join(JournalEntry, JournalEntry.id == JournalBody.entry_id)
        .where(JournalEntry.topic_id == topic_row_id, JournalBody.content.is_not(None))
    )
    return session.execute(there).scalar_one()


def _entries_of(session: Session, topic: JournalTopic, receipts: Sequence[int]) -> dict[int, list[_Listed]]:
    rows = session.connection().execute(_LIST_ENTRIES, _from(topic, receipts))
    found: dict[int, list[_Listed]] = {one: [] for one in receipts}
    for receipt_id, row_id, kind, data, signature, origin_id in rows:
        if receipt_id in found:
            found[receipt_id].append(_Listed(row_id, kind, data, signature or b"", origin_id))
    return found


def _bodies_of(
    session: Session, topic: JournalTopic, receipts: Sequence[int]
) -> dict[int, list[tuple[int, bytes]]]:
    rows = session.connection().execute(_LIST_BODIES, _from(topic, receipts))
    found: dict[int, list[tuple[int, bytes]]] = {}
    for entry_id, position, content in rows:
        if content is not None:
            found.setdefault(entry_id, []).append((position, content))
    return found


def _from(topic: JournalTopic, receipts: Sequence[int]) -> dict[str, int]:
    return {"of_topic": topic.id, "first": min(receipts, default=0)}


def _origins_of(session: Session, listed: Iterable[Sequence[_Listed]]) -> dict[int, tuple[str, bytes, bytes]]:
    ids = {one.origin_id for some in listed for one in some if one.origin_id is not None}
    if not ids:
        return {}
    columns = (JournalOrigin.id, JournalOrigin.digest, JournalOrigin.data, JournalOrigin.signature)
    rows = session.execute(select(*columns).where(JournalOrigin.id.in_(ids)))
    return {row.id: (row.digest, row.data, row.signature) for row in rows}
