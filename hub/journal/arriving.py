"""What arrives from refs: records are read, their rows inserted, and the topics they touch replayed whole.

`take_in` is for a journal that this hub carries on: its receipts become this hub's. `take_over` is for what
another hub took in: its receipts go along as origins, and this hub makes its own. Nobody's right is checked
here: whoever calls decides what is taken in. An entry may sort before others that stand, so nothing is
applied one by one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from hub.clock import now
from hub.db import Base
from hub.events import JournalGrew, publish
from hub.journal.format import codec
from hub.journal.format.entries import Entry
from hub.journal.format.records import Block, Record, body_name, body_names, parse_commit
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
_RECEIPTS: Final = Base.metadata.tables[JournalReceipt.__tablename__]
_INSERT_ENTRIES: Final = insert(_ENTRIES).returning(_ENTRIES.c.id, sort_by_parameter_order=True)
_INSERT_RECEIPTS: Final = insert(_RECEIPTS).returning(_RECEIPTS.c.id, sort_by_parameter_order=True)
_INSERT_BODIES: Final = insert(Base.metadata.tables[JournalBody.__tablename__])
_LIST_WHY: Final = select(_ENTRIES.c.entry_id, _ENTRIES.c.why).where(
    _ENTRIES.c.topic_id == bindparam("of_topic")
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


def read_chain(objects: RecordObjects, tip_id: str, *, until: str = "") -> list[Arrival]:
    """The records of a ref, oldest first; raises NotCanonical or Missing where one of them is none.

    What stands in its tree and is not a text of its entries makes it none. `until` is a commit that was read
    before, with all that it stands on; of a chain that was written anew all is read.
    """
    found = [_read_one(objects, parse_commit(*one)) for one in objects.walk(tip_id, until=until)]
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
    origins = _insert_origins(session, repository_id, _origins_of([one.record for one in ordered]))
    _insert_entries(session, ordered, topics, receipts, origins)
    result = _touched([one.record for one in ordered], topics)
    _set_heads(session, [one.id for one in result])
    replay_topics(session, result)
    return result


def take_over(session: Session, repository_id: int, arrivals: Iterable[Arrival]) -> list[JournalTopic]:
    """Inserts the entries that the rows lack, to be receipted here, in the order of that hub's receipts.

    Returns the topics that got any, the repository's own first; they were replayed, and what other hubs
    opened was numbered by the home.
    """
    ordered = sorted(arrivals, key=lambda one: one.record.seq)
    known = _known(session, [entry.id for one in ordered for entry in one.record.entries])
    new = [one for one in ordered if any(entry.id not in known for entry in one.record.entries)]
    if not new:
        return []
    records = [one.record for one in new]
    topics = _topics_for(session, repository_id, records)
    passed_on = {
        entry_id: one for entry_id, one in _origins_of(records, own_too=True).items() if entry_id not in known
    }
    origins = _insert_origins(session, repository_id, passed_on)
    _insert_entries(session, new, topics, {}, origins)
    result = _touched(records, topics)
    _set_heads(session, [one.id for one in result])
    states = replay_topics(session, result)
    for topic in result:
        kinds = find_kinds(topic.type)
        if kinds is not None:
            kinds.welcome(session, topic, states[topic.id])
    publish(session, JournalGrew(repository_id))
    return result


def replay_topics(session: Session, topics: Iterable[JournalTopic]) -> dict[int, Any]:  # of their types
    """Brings the rows of these topics to what all their entries make; the repository's own goes first.

    What their redactions take away is withheld. Returns the states by the ids of the topics' rows; None is
    that of a type that no feature registered.
    """
    states: dict[int, Any] = {}  # of the topics' types
    waiting = sorted(topics, key=lambda one: (one.type != REPOSITORY, one.id))
    homes = homes_of(session, waiting[0].repository_id) if waiting else frozenset()
    while waiting:
        topic = waiting.pop(0)
        states[topic.id] = _replay_one(session, topic, homes)
        before, homes = homes, homes_of(session, topic.repository_id) if topic.type == REPOSITORY else homes
        if homes != before:
            # What other topics' entries count for depends on who decides.
            waiting = _list_others(session, topic)
    return states


def _replay_one(session: Session, topic: JournalTopic, homes: frozenset[str]) -> Any:  # of the topic's type
    entries, state = _replay(session, topic, homes)
    if any(one.kind == REDACT for one in entries):
        taken = list_taken(entries, homes_of(session, topic.repository_id))
        if withhold(session, topic, taken):
            _, state = _replay(session, topic, homes)
    return state


def _replay(
    session: Session, topic: JournalTopic, homes: frozenset[str]
) -> tuple[list[Entry], Any]:  # and the state, of the topic's type
    entries, kinds, state = list_entries(session, topic), find_kinds(topic.type), None
    if kinds is None:
        reasons: Mapping[str, str | None] = {one.id: NOT_UNDERSTOOD for one in entries}
    else:
        state, reasons = replay_with_reasons(topic.type, entries, homes)
        kinds.save(session, topic, state)
    _note_reasons(session, topic, reasons)
    session.flush()
    return entries, state


def _list_others(session: Session, topic: JournalTopic) -> list[JournalTopic]:
    others = select(JournalTopic).where(
        JournalTopic.repository_id == topic.repository_id, JournalTopic.id != topic.id
    )
    return list(session.scalars(others.order_by(JournalTopic.id)))


def _touched(records: Sequence[Record], topics: Mapping[str, JournalTopic]) -> list[JournalTopic]:
    touched = {one.receipt.value["topic"] for one in records}
    return sorted((topics[one] for one in touched), key=lambda one: (one.type != REPOSITORY, one.id))


def _note_reasons(session: Session, topic: JournalTopic, reasons: Mapping[str, str | None]) -> None:
    noted = [
        {"of_entry": entry_id, "reason": reasons[entry_id]}
        for entry_id, why in session.connection().execute(_LIST_WHY, {"of_topic": topic.id})
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
        ids = session.connection().execute(_INSERT_RECEIPTS, rows).scalars().all()
        found |= {one.seq: row_id for one, row_id in zip(new, ids, strict=True)}
    return found


def _origins_of(records: Sequence[Record], *, own_too: bool = False) -> dict[str, Block]:
    """The receipt of its own hub by each entry that came from another one.

    `own_too`: the records are another hub's, so that the receipt of each is an origin as well.
    """
    found: dict[str, Block] = {}
    for record in records:
        for origin in (*record.origins, record.receipt) if own_too else record.origins:
            listed = set(origin.value["entries"])
            for entry in record.entries:
                if entry.id in listed and entry.value["hub"] == origin.value["hub"]:
                    found[entry.id] = origin
    return found


def _insert_origins(session: Session, repository_id: int, origins: Mapping[str, Block]) -> dict[str, int]:
    """The row of its origin by each entry that has one."""
    if not origins:
        return {}
    stored = select(JournalOrigin.digest, JournalOrigin.id).where(
        JournalOrigin.repository_id == repository_id
    )
    found: dict[str, int] = dict(session.execute(stored).all())
    new = {one.id: one for one in origins.values() if one.id not in found}
    rows = [
        {"repository_id": repository_id, "digest": one.id, "data": one.data, "signature": one.signature}
        for one in new.values()
    ]
    if rows:
        made = insert(JournalOrigin).returning(JournalOrigin.id, sort_by_parameter_order=True)
        found |= zip(new, session.scalars(made, rows), strict=True)
    return {entry_id: found[one.id] for entry_id, one in origins.items()}


def _insert_entries(
    session: Session,
    arrivals: Sequence[Arrival],
    topics: Mapping[str, JournalTopic],
    receipts: Mapping[int, int],
    origins: Mapping[str, int],
) -> None:
    """Inserts what is new; without `receipts` it waits for one of this hub."""
    listed = [(one, i, entry) for one in arrivals for i, entry in enumerate(one.record.entries)]
    known = _known(session, [entry.id for _, _, entry in listed])
    new: dict[str, tuple[Arrival, int, Block]] = {}
    again: list[dict[str, Any]] = []  # bound values
    for arrival, i, entry in listed:
        if entry.id in known and not receipts:
            continue
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
            "receipt_id": receipts.get(arrival.record.seq),
            "position": i if receipts else None,
            "origin_id": origins.get(entry.id),
        }
        for arrival, i, entry in new.values()
    ]
    if not rows:
        return
    made = session.connection().execute(_INSERT_ENTRIES, rows).scalars()
    bodies = [
        {"entry_id": row_id, "position": j, "digest": digest, "content": arrival.bodies.get(body_name(i, j))}
        for row_id, (arrival, i, entry) in zip(made, new.values(), strict=True)
        for j, digest in enumerate(entry.value["bodies"])
    ]
    if bodies:
        session.connection().execute(_INSERT_BODIES, bodies)


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
    for begin in range(0, len(topic_ids), _MOST_AT_ONCE):
        some = topic_ids[begin : begin + _MOST_AT_ONCE]
        columns = (_ENTRIES.c.topic_id, _ENTRIES.c.entry_id, _ENTRIES.c.data)
        query = select(*columns).where(_ENTRIES.c.topic_id.in_(some))
        rows = session.connection().execute(query).all()
        followed = {(row.topic_id, one) for row in rows for one in codec.read(row.data)["prev"]}
        session.execute(delete(JournalHead).where(JournalHead.topic_id.in_(some)))
        places = [(row.topic_id, row.entry_id) for row in rows]
        heads = [{"topic_id": one[0], "entry_id": one[1]} for one in places if one not in followed]
        session.execute(insert(JournalHead), heads)
