"""Entries are made here, and nowhere else: their bytes, their bodies, the heads of their topic.

What an entry means is applied in `hub.journal.replay`, whose `act` is what features call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.orm import Session

from hub.clock import now
from hub.db import Base, config_of
from hub.errors import TooLarge, text
from hub.events import JournalGrew, publish
from hub.journal.format import codec
from hub.journal.format.entries import Entry, ordered
from hub.journal.format.signed import SignedEntry
from hub.journal.keys.hub_key import load_hub_key
from hub.journal.models import JournalBody, JournalEntry, JournalHead, JournalTopic, Person

REPOSITORY: Final = "repo"

# Tables and statements that are put together once: every push of a change waits for them.
_TOPICS: Final = Base.metadata.tables[JournalTopic.__tablename__]
_ENTRIES: Final = Base.metadata.tables[JournalEntry.__tablename__]
_HEADS: Final = Base.metadata.tables[JournalHead.__tablename__]
_BODIES: Final = Base.metadata.tables[JournalBody.__tablename__]
_LOCK: Final = select(_TOPICS.c.id).where(_TOPICS.c.id == bindparam("of_topic")).with_for_update()
_FIND_HEADS: Final = (
    select(_ENTRIES.c.entry_id, _ENTRIES.c.t)
    .join(_HEADS, (_HEADS.c.topic_id == _ENTRIES.c.topic_id) & (_HEADS.c.entry_id == _ENTRIES.c.entry_id))
    .where(_HEADS.c.topic_id == bindparam("of_topic"))
)
_DROP_HEADS: Final = delete(_HEADS).where(_HEADS.c.topic_id == bindparam("of_topic"))
_FIND_REPOSITORY: Final = select(_TOPICS.c.topic_id).where(
    _TOPICS.c.type == REPOSITORY, _TOPICS.c.repository_id == bindparam("in_repository")
)
_LIST_ENTRIES: Final = select(_ENTRIES.c.id, _ENTRIES.c.entry_id, _ENTRIES.c.data).where(
    _ENTRIES.c.topic_id == bindparam("of_topic")
)
_LIST_BODIES: Final = (
    select(_BODIES.c.entry_id, _BODIES.c.content)
    .join(_ENTRIES, _ENTRIES.c.id == _BODIES.c.entry_id)
    .where(_ENTRIES.c.topic_id == bindparam("of_topic"))
    .order_by(_BODIES.c.entry_id, _BODIES.c.position)
)
_INSERT_ENTRY: Final = insert(_ENTRIES).returning(_ENTRIES.c.id)
_INSERT_HEAD: Final = insert(_HEADS)
_INSERT_BODIES: Final = insert(_BODIES)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry that was made, and its topic."""

    topic: JournalTopic
    entry: Entry


def open_topic(
    session: Session,
    repository_id: int,
    *,
    type: str,  # noqa: A002  # the word of the format
    person: Person | None,
    d: Mapping[str, Any],  # what the kind says it holds
    bodies: Sequence[str] = (),
) -> Recorded:
    """Makes a topic by its opening entry; the repository's own has to be there before any other."""
    is_repository = type == REPOSITORY
    draft = _Draft(
        kind="repo" if is_repository else "open",
        repo="" if is_repository else get_repository_topic_id(session, repository_id),
        given=d if is_repository else {**d, "type": type},
        bodies=[_make_body(one) for one in bodies],
    )
    data, entry = _make(session, draft, person)
    topic = JournalTopic(repository_id=repository_id, type=type, topic_id=entry.id, created_at=now())
    session.add(topic)
    session.flush()
    _store(session, topic, entry, data, draft.bodies)
    return Recorded(topic, entry)


def record(
    session: Session,
    topic: JournalTopic,
    *,
    kind: str,
    person: Person | None,
    d: Mapping[str, Any],  # what the kind says it holds
    bodies: Sequence[str] = (),
) -> Recorded:
    """Makes an entry that follows all there are in the topic, of that person or of the hub itself.

    Raises TooLarge for texts over the limits.
    """
    lock(session, topic)
    heads = session.execute(_FIND_HEADS, {"of_topic": topic.id}).all()
    is_repository = topic.type == REPOSITORY
    draft = _Draft(
        kind=kind,
        repo=topic.topic_id if is_repository else get_repository_topic_id(session, topic.repository_id),
        given=d,
        bodies=[_make_body(one) for one in bodies],
        topic=topic.topic_id,
        prev=sorted(entry_id for entry_id, _ in heads),
        t=1 + max(t for _, t in heads),
    )
    data, entry = _make(session, draft, person)
    session.execute(_DROP_HEADS, {"of_topic": topic.id})
    _store(session, topic, entry, data, draft.bodies)
    return Recorded(topic, entry)


def record_signed(session: Session, topic: JournalTopic, signed: SignedEntry) -> Entry:
    """Keeps an entry that its author signed elsewhere among the others of the topic, which is to be replayed.

    The caller has checked all of it, with the topic locked.
    """
    entry = read_entry(signed.id, signed.data, signed.bodies)
    prev = signed.value["prev"]
    session.execute(delete(_HEADS).where(_HEADS.c.topic_id == topic.id, _HEADS.c.entry_id.in_(prev)))
    _store(session, topic, entry, signed.data, signed.bodies, signature=signed.signature)
    return entry


def lock(session: Session, topic: JournalTopic) -> None:
    """Has whoever else acts on the topic wait until this transaction ends.

    An action that checks something in the topic's rows first locks it before it reads them.
    """
    # SQLite's writers wait for each other anyway.
    session.execute(_LOCK, {"of_topic": topic.id})


def find_topic(session: Session, repository_id: int, topic_id: str) -> JournalTopic | None:
    """The topic with that opening entry, in that repository."""
    is_it = (JournalTopic.topic_id == topic_id) & (JournalTopic.repository_id == repository_id)
    return session.scalars(select(JournalTopic).where(is_it)).one_or_none()


def find_repository_topic(session: Session, repository_id: int) -> JournalTopic | None:
    """The repository's own topic."""
    is_it = (JournalTopic.type == REPOSITORY) & (JournalTopic.repository_id == repository_id)
    return session.scalars(select(JournalTopic).where(is_it)).one_or_none()


def get_repository_topic_id(session: Session, repository_id: int) -> str:
    """What names the repository in its entries: the id of its own topic."""
    topic_id: str = session.execute(_FIND_REPOSITORY, {"in_repository": repository_id}).scalar_one()
    return topic_id


def list_entries(session: Session, topic: JournalTopic) -> list[Entry]:
    """Every entry of the topic with its texts, in the order in which they are applied."""
    of_topic = {"of_topic": topic.id}
    rows = session.connection().execute(_LIST_ENTRIES, of_topic).all()
    texts: dict[int, list[bytes | None]] = {row_id: [] for row_id, _, _ in rows}
    for row_id, content in session.connection().execute(_LIST_BODIES, of_topic):
        texts[row_id].append(content)
    return ordered(read_entry(entry_id, data, texts[row_id]) for row_id, entry_id, data in rows)


def read_entry(entry_id: str, data: bytes, bodies: Sequence[bytes | None]) -> Entry:
    """The entry in its canonical bytes, which were checked, with its stored bodies. Pure."""
    value = codec.read(data)
    return Entry(
        id=entry_id,
        kind=value["kind"],
        by=value["by"],
        hub=value["hub"],
        t=value["t"],
        at=value["at"],
        topic=value["topic"],
        d=value["d"],
        bodies=tuple(None if one is None else codec.body_text(one) for one in bodies),
        digests=tuple(value["bodies"]),
        v=value["v"],
    )


@dataclass(frozen=True, slots=True)
class _Draft:
    """What is known of an entry before it is written."""

    kind: str
    repo: str
    given: Mapping[str, Any]  # what the kind says it holds
    bodies: Sequence[bytes]
    topic: str = ""
    prev: Sequence[str] = ()
    t: int = 0


def _make(session: Session, draft: _Draft, person: Person | None) -> tuple[bytes, Entry]:
    key = load_hub_key(config_of(session))
    value = {
        "at": int(now().timestamp()),
        "bodies": [codec.digest(one) for one in draft.bodies],
        "by": "" if person is None else person.handle,
        "d": dict(draft.given),
        "hub": key.hub_id,
        "key": key.fingerprint,
        "kind": draft.kind,
        "prev": list(draft.prev),
        "repo": draft.repo,
        "t": draft.t,
        "topic": draft.topic,
        "v": codec.VERSION,
    }
    data = codec.encode(value)
    if len(data) > codec.MAX_ENTRY_BYTES:
        raise TooLarge(
            text("This is too much to be written down at once."),
            text("An entry of the journal holds at most %(kib)s KiB.", kib=codec.MAX_ENTRY_BYTES >> 10),
            text("Do it in several steps."),
        )
    codec.check_entry(value, data)
    return data, read_entry(codec.digest(data), data, draft.bodies)


def _make_body(content: str) -> bytes:
    body = codec.make_body(content)
    if len(body) > codec.MAX_BODY_BYTES:
        raise TooLarge(
            text("This text is too long."),
            text("A text may have at most %(kib)s KiB.", kib=codec.MAX_BODY_BYTES >> 10),
            text("Shorten it, or put a part of it into a file of the repository."),
        )
    return body


def _store(
    session: Session,
    topic: JournalTopic,
    entry: Entry,
    data: bytes,
    bodies: Sequence[bytes],
    *,
    signature: bytes | None = None,
) -> None:
    publish(session, JournalGrew(topic.repository_id))
    values = {
        "topic_id": topic.id,
        "entry_id": entry.id,
        "kind": entry.kind,
        "t": entry.t,
        "at": entry.at,
        "by": entry.by,
        "hub": entry.hub,
        "data": data,
        "signature": signature,
    }
    row_id = session.execute(_INSERT_ENTRY, values).scalar_one()
    session.execute(_INSERT_HEAD, {"topic_id": topic.id, "entry_id": entry.id})
    if bodies:
        stored = [
            {"entry_id": row_id, "position": position, "digest": digest, "content": body}
            for position, (digest, body) in enumerate(zip(entry.digests, bodies, strict=True))
        ]
        session.execute(_INSERT_BODIES, stored)
