"""What arrives from refs: records are read, their rows inserted, and the topics they touch replayed whole.

Nobody's right is checked here: whoever calls decides what is taken in. An entry may sort before others that
stand, so nothing is applied one by one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from hub.clock import now
from hub.db import Base
from hub.journal import codec
from hub.journal.entries import Entry
from hub.journal.kinds import find_kinds
from hub.journal.models import (
    JournalBody,
    JournalEntry,
    JournalHead,
    JournalOrigin,
    JournalReceipt,
    JournalTopic,
)
from hub.journal.recording import REPOSITORY, list_entries
from hub.journal.records import Block, Record, body_name, body_names, parse_commit
from hub.journal.redactions import REDACT, list_taken
from hub.journal.replay import NOT_UNDERSTOOD, replay_with_reasons
from hub.journal.ring_rows import homes_of
from hub.journal.withholding import withhold
from hub.repos.git.record_objects import RecordObjects

_UNKNOWN: Final = "unknown"
_MOST_AT_ONCE: Final = 500
_ENTRIES: Final = Base.metadata.tables[JournalEntry.__tablename__]
_SET_WHY: Final = (
    update(_ENTRIES).where(_ENTRIES.c.entry_id == bindparam("of_entry")).values(why=bindparam("reason"))
)
_LIST: Final = (
    update(_ENTRIES)
    .where(_ENTRIES.c.entry_id == bindparam("of_entry"))
    .values(receipt_id=bindparam("in_receipt"), position=bindparam("at_position"))
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One record with the texts that came with it, by the names of their files."""

    record: Record
    bodies: Mapping[str, bytes]


def read_chain(objects: RecordObjects, tip_id: str) -> list[Arrival]:
    """The records of a ref, oldest first; raises NotCanonical or Missing where one of them is none.

    What stands in its tree and is not a text of its entries makes it none.
    """
    found = [_read_one(objects, parse_commit(*one)) for one in objects.walk(tip_id)]
    return found[::-1]


def _read_one(objects: RecordObjects, record: Record) -> Arrival:
    names, files = body_names(record.entries), objects.read_tree(record.tree_id)
    if not record.is_derived or len(record.parent_ids) > 1 or not files.keys() <= names.keys():
        raise codec.NotCanonical("not what a hub writes")
    bodies = {name: objects.read_blob(blob_id) for name, blob_id in files.items()}
    if any(codec.digest(content) != names[name] for name, content in bodies.items()):
        raise codec.NotCanonical("another text")
    return Arrival(record, bodies)


def take_in(session: Session, repository_id: int, arrivals: Iterable[Arrival]) -> list[JournalTopic]:
    """Inserts what the rows lack of these records, in the order of their receipts; replays what they touch.

    Returns the topics that were touched, the repository's own first.
    """
    ordered = sorted(arrivals, key=lambda one: one.record.seq)
    topics = _topics_for(session, repository_id, [one.record for one in ordered])
    receipts = _insert_receipts(session, repository_id, ordered, topics)
    origins = _insert_origins(session, repository_id, [one.record for one in ordered])
    _insert_entries(session, ordered, topics, receipts, origins)
    touched = {one.record.receipt.value["topic"] for one in ordered}
    result = sorted((topics[one] for one in touched), key=lambda one: (one.type != REPOSITORY, one.id))
    _set_heads(session, [one.id for one in result])
    replay_topics(session, result)
    return result


def replay_topics(session: Session, topics: Iterable[JournalTopic]) -> None:
    """Brings the rows of these topics to what all their entries make; the repository's own goes first.

    What their redactions take away is withheld.
    """
    for topic in sorted(topics, key=lambda one: (one.type != REPOSITORY, one.id)):
        entries = _replay(session, topic)
        if any(one.kind == REDACT for one in entries):
            taken = list_taken(entries, homes_of(session, topic.repository_id))
            if withhold(session, topic, taken):
                _replay(session, topic)
    session.flush()


def _replay(session: Session, topic: JournalTopic) -> list[Entry]:
    entries, kinds = list_entries(session, topic), find_kinds(topic.type)
    if kinds is None:
        reasons: Mapping[str, str | None] = {one.id: NOT_UNDERSTOOD for one in entries}
    else:
        homes = homes_of(session, topic.repository_id)
        state, reasons = replay_with_reasons(topic.type, entries, homes)
        kinds.save(session, topic, state)
    _note_reasons(session, topic, reasons)
    session.flush()
    return entries


def _note_reasons(session: Session, topic: JournalTopic, reasons: Mapping[str, str | None]) -> None:
    stored = select(JournalEntry.entry_id, JournalEntry.why).where(JournalEntry.topic_id == topic.id)
    noted = [
        {"of_entry": entry_id, "reason": reasons[entry_id]}
        for entry_id, why in session.execute(stored)
        if why != reasons[entry_id]
    ]
    if noted:
        session.connection().execute(_SET_WHY, noted)


def _topics_for(session: Session, repository_id: int, records: Sequence[Record]) -> dict[str, JournalTopic]:
    rows = session.scalars(select(JournalTopic).where(JournalTopic.repository_id == repository_id))
    found = {one.topic_id: one for one in rows}
    for record in records:
        opening = record.entries[0] if record.entries else None
        if opening is not None and not opening.value["topic"] and opening.id not in found:
            topic = JournalTopic(
                repository_id=repository_id,
                type=type_of(opening),
                topic_id=opening.id,
                created_at=now(),
                ref="",
                tip="",
                needs_rewriting=False,
            )
            session.add(topic)
            found[opening.id] = topic
    session.flush()
    return found


def type_of(opening: Block) -> str:
    """The type of the topic that an entry opens."""
    kind = REPOSITORY if opening.value["kind"] == "repo" else opening.value["d"].get("type")
    return kind if isinstance(kind, str) and 0 < len(kind) <= 20 else _UNKNOWN


def _insert_receipts(
    session: Session, repository_id: int, arrivals: Sequence[Arrival], topics: Mapping[str, JournalTopic]
) -> dict[int, int]:
    stored = select(JournalReceipt.seq, JournalReceipt.id).where(
        JournalReceipt.repository_id == repository_id
    )
    found: dict[int, int] = dict(session.execute(stored).all())
    new = [one.record for one in arrivals if one.record.seq not in found]
    rows = [
        {
            "repository_id": repository_id,
            "topic_id": topics[one.receipt.value["topic"]].id,
            "seq": one.seq,
            "digest": one.receipt.id,
            "data": one.receipt.data,
            "signature": one.receipt.signature,
            "commit_id": one.commit_id,
        }
        for one in new
    ]
    if rows:
        made = insert(JournalReceipt).returning(JournalReceipt.id, sort_by_parameter_order=True)
        ids = session.scalars(made, rows).all()
        found |= {one.seq: row_id for one, row_id in zip(new, ids, strict=True)}
    return found


def _insert_origins(session: Session, repository_id: int, records: Sequence[Record]) -> dict[str, int]:
    """The row of the origin's receipt for each entry that came from another hub."""
    wanted = {one.id: one for record in records for one in record.origins}
    if not wanted:
        return {}
    stored = select(JournalOrigin.digest, JournalOrigin.id).where(
        JournalOrigin.repository_id == repository_id
    )
    found: dict[str, int] = dict(session.execute(stored).all())
    for digest, block in wanted.items():
        if digest not in found:
            row = {
                "repository_id": repository_id,
                "digest": digest,
                "data": block.data,
                "signature": block.signature,
            }
            found[digest] = session.execute(
                insert(JournalOrigin).returning(JournalOrigin.id), row
            ).scalar_one()
    return {
        entry.id: found[origin.id]
        for record in records
        for origin in record.origins
        for entry in record.entries
        if entry.value["hub"] == origin.value["hub"] and entry.id in origin.value["entries"]
    }


def _insert_entries(
    session: Session,
    arrivals: Sequence[Arrival],
    topics: Mapping[str, JournalTopic],
    receipts: Mapping[int, int],
    origins: Mapping[str, int],
) -> None:
    listed = [(one, i, entry) for one in arrivals for i, entry in enumerate(one.record.entries)]
    known = _known(session, [entry.id for _, _, entry in listed])
    new: dict[str, tuple[Arrival, int, Block]] = {}
    again: list[dict[str, Any]] = []  # bound values
    for arrival, i, entry in listed:
        if entry.id in known:
            receipt_id = receipts[arrival.record.seq]
            again.append({"of_entry": entry.id, "in_receipt": receipt_id, "at_position": i})
        else:
            new.setdefault(entry.id, (arrival, i, entry))
    if again:
        session.connection().execute(_LIST, again)
    rows = [
        {
            **_columns(entry, topics),
            "receipt_id": receipts[arrival.record.seq],
            "position": i,
            "origin_id": origins.get(entry.id),
        }
        for arrival, i, entry in new.values()
    ]
    if not rows:
        return
    made = insert(JournalEntry).returning(JournalEntry.id, sort_by_parameter_order=True)
    bodies = [
        {"entry_id": row_id, "position": j, "digest": digest, "content": arrival.bodies.get(body_name(i, j))}
        for row_id, (arrival, i, entry) in zip(session.scalars(made, rows), new.values(), strict=True)
        for j, digest in enumerate(entry.value["bodies"])
    ]
    if bodies:
        session.execute(insert(JournalBody), bodies)


def _columns(entry: Block, topics: Mapping[str, JournalTopic]) -> dict[str, Any]:  # of JournalEntry
    value = entry.value
    return {
        "topic_id": topics[value["topic"] or entry.id].id,
        "entry_id": entry.id,
        "kind": value["kind"],
        "t": value["t"],
        "at": value["at"],
        "by": value["by"],
        "hub": value["hub"],
        "data": entry.data,
        "signature": entry.signature or None,
    }


def _known(session: Session, entry_ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for begin in range(0, len(entry_ids), _MOST_AT_ONCE):
        some = entry_ids[begin : begin + _MOST_AT_ONCE]
        found |= set(session.scalars(select(JournalEntry.entry_id).where(JournalEntry.entry_id.in_(some))))
    return found


def _set_heads(session: Session, topic_ids: Sequence[int]) -> None:
    for topic_id in topic_ids:
        rows = session.execute(
            select(JournalEntry.entry_id, JournalEntry.data).where(JournalEntry.topic_id == topic_id)
        ).all()
        followed = {one for _, data in rows for one in codec.read(data)["prev"]}
        session.execute(delete(JournalHead).where(JournalHead.topic_id == topic_id))
        heads = [
            {"topic_id": topic_id, "entry_id": entry_id} for entry_id, _ in rows if entry_id not in followed
        ]
        session.execute(insert(JournalHead), heads)
