"""Receipts: a hub signs which entries it took in, numbered without a gap, each standing on the one before."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from hub import signing
from hub.clock import now
from hub.db import Base, config_of
from hub.journal.format import codec
from hub.journal.format.records import MAX_ENTRIES, make_receipt
from hub.journal.keys.hub_key import load_hub_key
from hub.journal.models import JournalEntry, JournalReceipt, JournalTopic
from hub.journal.recording import REPOSITORY, get_repository_topic_id

# What one transaction takes on; a journal that was never exported has more.
MOST_AT_ONCE: Final = 2000

_ENTRIES: Final = Base.metadata.tables[JournalEntry.__tablename__]
_TOPICS: Final = Base.metadata.tables[JournalTopic.__tablename__]
_RECEIPTS: Final = Base.metadata.tables[JournalReceipt.__tablename__]
_WAITING: Final = (
    select(_ENTRIES.c.id, _ENTRIES.c.entry_id, _TOPICS.c.id, _TOPICS.c.topic_id, _TOPICS.c.type)
    .join(_TOPICS, _TOPICS.c.id == _ENTRIES.c.topic_id)
    # Few entries of the hub wait, and a repository may have many topics: by no index of theirs.
    .where(_ENTRIES.c.receipt_id.is_(None), _TOPICS.c.repository_id + 0 == bindparam("in_repository"))
)
_FIND_WAITING: Final = _WAITING.limit(1)
_LIST_WAITING: Final = _WAITING.order_by(_ENTRIES.c.id).limit(MOST_AT_ONCE)
_NEWEST: Final = (
    select(_RECEIPTS.c.seq, _RECEIPTS.c.digest)
    .where(_RECEIPTS.c.repository_id == bindparam("in_repository"))
    .order_by(_RECEIPTS.c.seq.desc())
    .limit(1)
)
_INSERT_RECEIPT: Final = insert(_RECEIPTS).returning(_RECEIPTS.c.id)
_LIST: Final = (
    update(_ENTRIES)
    .where(_ENTRIES.c.id == bindparam("of_entry"))
    .values(receipt_id=bindparam("in_receipt"), position=bindparam("at_position"))
)


class Waiting(NamedTuple):
    """An entry without a receipt: ids of its row and its own, its topic's and the topic's type."""

    row_id: int
    entry_id: str
    topic_row_id: int
    topic_id: str
    type: str


def receipt_waiting(session: Session, repository_id: int) -> int:
    """Signs receipts for entries that have none, the oldest first; returns for how many.

    To be called again while there are any: it takes on a limited number.
    """
    waiting = _list_waiting(session, repository_id)
    if not waiting:
        return 0
    key, repo = load_hub_key(config_of(session)), get_repository_topic_id(session, repository_id)
    seq, prev = _newest(session, repository_id)
    listed: list[dict[str, int]] = []
    for group in groups_of(waiting):
        seq += 1
        value = {
            "at": int(now().timestamp()),
            "entries": [one.entry_id for one in group],
            "hub": key.hub_id,
            "key": key.fingerprint,
            "prev": prev,
            "repo": repo,
            "seq": seq,
            "topic": group[0].topic_id,
        }
        data = make_receipt(value)
        prev = codec.digest(data)
        row = {
            "repository_id": repository_id,
            "topic_id": group[0].topic_row_id,
            "seq": seq,
            "digest": prev,
            "data": data,
            "signature": key.sign(signing.RECEIPT, data),
        }
        receipt_id = session.connection().execute(_INSERT_RECEIPT, row).scalar_one()
        listed += [
            {"of_entry": one.row_id, "in_receipt": receipt_id, "at_position": position}
            for position, one in enumerate(group)
        ]
    session.connection().execute(_LIST, listed)
    return len(waiting)


def has_waiting(session: Session, repository_id: int) -> bool:
    """Whether an entry of the repository has no receipt yet."""
    return session.connection().execute(_FIND_WAITING, {"in_repository": repository_id}).first() is not None


def groups_of(waiting: Iterable[Waiting]) -> Iterator[Sequence[Waiting]]:
    """The entries of each receipt, in the order of the receipts. Pure.

    What a topic has waiting makes one receipt. The repository's own topic parts the others: a key is
    receipted after what it did and before what it will do.
    """
    for _, between in groupby(waiting, key=lambda one: one.type == REPOSITORY):
        by_topic: dict[int, list[Waiting]] = {}
        for one in between:
            by_topic.setdefault(one.topic_row_id, []).append(one)
        for group in by_topic.values():
            for begin in range(0, len(group), MAX_ENTRIES):
                yield group[begin : begin + MAX_ENTRIES]


def _list_waiting(session: Session, repository_id: int) -> list[Waiting]:
    rows = session.connection().execute(_LIST_WAITING, {"in_repository": repository_id})
    return [Waiting(row[0], row[1], row[2], row[3], row[4]) for row in rows]


def _newest(session: Session, repository_id: int) -> tuple[int, str]:
    row = session.connection().execute(_NEWEST, {"in_repository": repository_id}).one_or_none()
    return (0, "") if row is None else (row.seq, row.digest)
