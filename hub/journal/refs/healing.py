"""Refs and rows of a journal disagree: what to believe, and what is done about it.

Refs behind (an older copy came back, a ref was deleted) are written again with the same ids. Refs ahead (an
older database came back) hold receipts of ours that the rows lack: they are taken in, before anyone may act.
What no hub of this journal signed is put aside under `refs/hub-broken/`. Healing moves no ref that is ours:
it notes what stands, and the export that follows writes what should.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Final

import structlog
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from hub import signing
from hub.clock import now
from hub.db import Base, Database, config_of
from hub.journal.arriving import Arrival, read_chain, take_in
from hub.journal.format.codec import NotCanonical
from hub.journal.format.records import Record
from hub.journal.format.ref_names import AT, PREFIX, broken_ref, is_topic_ref
from hub.journal.keys.hub_key import load_hub_key
from hub.journal.models import DamageKind, JournalDamage, JournalReceipt, JournalTopic
from hub.repos.git.moving import move_refs
from hub.repos.git.record_objects import Missing, RecordObjects
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import harden
from hub.repos.models import ZERO_ID
from hub.repos.pushes import RefUpdate

_log = structlog.get_logger(__name__)

_RECEIPTS: Final = Base.metadata.tables[JournalReceipt.__tablename__]
_RECORDED: Final = (
    select(_RECEIPTS.c.commit_id)
    .where(_RECEIPTS.c.repository_id == bindparam("in_repository"), _RECEIPTS.c.commit_id != "")
    .order_by(_RECEIPTS.c.seq.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the rows say: digests of receipts by number, topics with refs and what was recorded of them."""

    digests: Mapping[int, str]
    tips: Mapping[str, str]
    topic_ids: Mapping[str, str]
    recorded: Mapping[str, int]


@dataclass(slots=True)
class _Found:
    """What the refs say: where each stands, and the records of those of which the rows say otherwise."""

    tips: dict[str, str]
    chains: dict[str, list[Arrival]] = field(default_factory=dict)
    foreign: list[str] = field(default_factory=list)


def is_elsewhere(session: Session, repository_id: int, path: Path) -> bool:
    """Whether the head of the journal is not where it was last recorded: one file and one row are read."""
    recorded = session.connection().execute(_RECORDED, {"in_repository": repository_id}).scalar()
    return (RefFiles(path).get(AT) or "") != (recorded or "")


def is_any_elsewhere(session: Session, repository_id: int, path: Path) -> bool:
    """Whether any ref of the journal is not where it was last recorded."""
    recorded = select(JournalTopic.ref, JournalTopic.tip).where(
        JournalTopic.repository_id == repository_id, JournalTopic.ref != ""
    )
    known: dict[str, str] = dict(session.execute(recorded).all())
    return is_elsewhere(session, repository_id, path) or _read_tips(path) != known


def heal(database: Database, repository_id: int, path: Path) -> list[JournalDamage]:
    """Brings the rows to where the refs can be written from them; returns what was found damaged.

    The journal must be held (`exporting.holding_journal`), and an export has to follow.
    """
    with database.reading() as session:
        known = _read_rows(session, repository_id)
        found = _read_refs(session, path, known)
    ahead = _find_ahead(known, found)
    kept = _put_aside(path, found)
    behind = _find_behind(known, found)
    found_at = now()
    damage = [
        JournalDamage(repository_id=repository_id, kind=kind, ref=ref, kept_as=kept_as, found_at=found_at)
        for kind, refs in (
            (DamageKind.FOREIGN, kept),
            (DamageKind.REFS_AHEAD, {name: "" for name, _ in ahead.values()}),
            (DamageKind.REFS_BEHIND, dict.fromkeys(behind, "")),
        )
        for ref, kept_as in refs.items()
    ]
    for one in damage:
        _log.warning("journal_damaged", repository_id=repository_id, kind=one.kind, ref=one.ref)
    with database.writing() as session:
        take_in(session, repository_id, [one for _, one in ahead.values()])
        _note_what_stands(session, repository_id, found)
        session.add_all(damage)
    return damage


def _read_rows(session: Session, repository_id: int) -> _Known:
    of_receipts = select(JournalReceipt.seq, JournalReceipt.digest).where(
        JournalReceipt.repository_id == repository_id
    )
    topics = session.scalars(select(JournalTopic).where(JournalTopic.repository_id == repository_id)).all()
    recorded = (
        select(JournalTopic.ref, func.max(JournalReceipt.seq))
        .join(JournalReceipt, JournalReceipt.topic_id == JournalTopic.id)
        .where(JournalTopic.repository_id == repository_id, JournalReceipt.commit_id != "")
        .group_by(JournalTopic.ref)
    )
    return _Known(
        digests=dict(session.execute(of_receipts).all()),
        tips={one.ref: one.tip for one in topics if one.ref},
        topic_ids={one.ref: one.topic_id for one in topics if one.ref},
        recorded=dict(session.execute(recorded).all()),
    )


def _read_refs(session: Session, path: Path, known: _Known) -> _Found:
    objects, found = RecordObjects(path), _Found(_read_tips(path))
    own = load_hub_key(config_of(session)).fingerprints
    for name, tip in found.tips.items():
        if known.tips.get(name) == tip:
            continue
        try:
            chain = read_chain(objects, tip)
        except (NotCanonical, Missing):
            chain = []
        expected = known.topic_ids.get(name, chain[0].record.receipt.value["topic"] if chain else "")
        if chain and is_topic_ref(name) and all(_is_ours(one.record, expected, known, own) for one in chain):
            found.chains[name] = chain
        else:
            found.foreign.append(name)
    return found


def _read_tips(path: Path) -> dict[str, str]:
    refs = RefFiles(path)
    names = [name.decode("utf-8", "surrogateescape") for name in refs.list_names(PREFIX.encode())]
    return {name: refs.get(name) or "" for name in names if name != AT}


def _is_ours(record: Record, topic_id: str, known: _Known, own: Set[str]) -> bool:
    receipt = record.receipt
    if receipt.value["topic"] != topic_id or receipt.value["entries"] != [one.id for one in record.entries]:
        return False
    if record.seq in known.digests:
        return known.digests[record.seq] == receipt.id
    try:
        return signing.verify(receipt.signature, signing.RECEIPT, receipt.data) in own
    except signing.BadSignature:
        return False


def _find_ahead(known: _Known, found: _Found) -> dict[int, tuple[str, Arrival]]:
    """The records that the rows lack, by number, as far as each stands on the one before it; with their refs.

    A ref that holds others, which stand on nothing, is foreign from now on.
    """
    new = [
        (one.record.seq, name, one)
        for name, chain in found.chains.items()
        for one in chain
        if one.record.seq not in known.digests
    ]
    seq = max(known.digests, default=0)
    digest = known.digests.get(seq, "")
    ahead: dict[int, tuple[str, Arrival]] = {}
    for number, name, one in sorted(new, key=lambda some: some[0]):
        receipt = one.record.receipt
        if number == seq + 1 and receipt.value["prev"] == digest:
            seq, digest = number, receipt.id
            ahead[number] = (name, one)
        elif name not in found.foreign:
            found.foreign.append(name)
    return ahead


def _find_behind(known: _Known, found: _Found) -> list[str]:
    """The refs that lack receipts which were recorded as written."""
    moved = {chain[0].record.receipt.value["topic"] for chain in found.chains.values()}
    behind = []
    for name, seq in known.recorded.items():
        chain = found.chains.get(name)
        is_gone = name not in found.tips and known.topic_ids[name] not in moved
        if is_gone or (chain is not None and chain[-1].record.seq < seq):
            behind.append(name)
    return behind


def _put_aside(path: Path, found: _Found) -> dict[str, str]:
    """Moves what is foreign out of the journal; returns where each ref went."""
    mark = token_hex(4)
    kept = {name: broken_ref(name, mark) for name in found.foreign}
    moves = [
        move
        for name, kept_as in kept.items()
        for move in (
            RefUpdate(kept_as, ZERO_ID, found.tips[name]),
            RefUpdate(name, found.tips[name], ZERO_ID),
        )
    ]
    if moves:
        move_refs(path, moves)
        harden(path, [one.name for one in moves], [])
    return kept


def _note_what_stands(session: Session, repository_id: int, found: _Found) -> None:
    topics = session.scalars(select(JournalTopic).where(JournalTopic.repository_id == repository_id)).all()
    names = {
        chain[0].record.receipt.value["topic"]: name
        for name, chain in found.chains.items()
        if name not in found.foreign
    }
    for topic in topics:
        name = names.get(topic.topic_id, topic.ref)
        tip = "" if name in found.foreign else found.tips.get(name, "")
        if (topic.ref, topic.tip) != (name, tip):
            # Written whole, the commits that stand are made once more, and stay the same.
            topic.ref, topic.tip, topic.needs_rewriting = name, tip, True
