"""Writes the journal to the repository's refs: one at a time, and the same after any crash.

Entries get receipts (a transaction), receipts become commits (objects), refs move, `refs/hub/at` last, and
what stands is recorded (a transaction). Each step may be repeated: the same rows give the same ids.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import bindparam, select, union, update
from sqlalchemy.orm import Session

from hub.db import Base, Database
from hub.errors import Unavailable, text
from hub.journal.format.ref_names import AT
from hub.journal.models import JournalReceipt, JournalTopic
from hub.journal.refs import healing
from hub.journal.refs.chains import Chain, count_texts, write_chain
from hub.journal.refs.receipting import has_waiting, receipt_waiting
from hub.journal.refs.topic_refs import ref_of
from hub.journal.ring_rows import homes_of
from hub.repos.git.moving import move_refs_in_turn
from hub.repos.git.process import GitFailed
from hub.repos.git.record_objects import RecordObjects
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import ALIVE_LOCK, JOURNAL_LOCK, harden, holding, lock, place
from hub.repos.models import ZERO_ID, Repository
from hub.repos.pushes import RefUpdate
from hub.repos.pushing.moving import let_go

_log = structlog.get_logger(__name__)

_WAIT_SECONDS: Final = 60.0
# Somebody else moved a ref of ours meanwhile: it is put right, and then it is tried once more.
_ATTEMPTS: Final = 3

# Where a test may have everything end.
SIGNED, RECEIPTED, WRITTEN, MOVED, RECORDING = STEPS = (
    "signed, not committed",
    "receipts committed",
    "objects written",
    "refs moved",
    "not recorded",
)

_RECEIPTS: Final = Base.metadata.tables[JournalReceipt.__tablename__]
_TOPICS: Final = Base.metadata.tables[JournalTopic.__tablename__]
_LIST_UNWRITTEN: Final = union(
    select(_RECEIPTS.c.topic_id).where(
        _RECEIPTS.c.repository_id == bindparam("in_repository"), _RECEIPTS.c.commit_id == ""
    ),
    select(_TOPICS.c.id).where(
        _TOPICS.c.repository_id == bindparam("in_repository"), _TOPICS.c.needs_rewriting
    ),
)
_NEWEST: Final = (
    select(_RECEIPTS.c.id, _RECEIPTS.c.commit_id)
    .where(_RECEIPTS.c.repository_id == bindparam("in_repository"))
    .order_by(_RECEIPTS.c.seq.desc())
    .limit(1)
)
_SET_COMMIT: Final = (
    update(_RECEIPTS)
    .where(_RECEIPTS.c.id == bindparam("of_receipt"))
    .values(commit_id=bindparam("in_commit"))
)


@dataclass(frozen=True, slots=True)
class _Written:
    """What is to stand: the chain of each topic with its ref, as it was and as it will be."""

    chain: Chain
    old_ref: str
    old_tip: str
    ref: str


def _go_on(_: str) -> None:
    pass


def export(
    database: Database,
    repository_id: int,
    *,
    is_thorough: bool = False,
    wait_seconds: float = _WAIT_SECONDS,
    stop: Callable[[str], None] = _go_on,
) -> int:
    """Brings the refs of the repository's journal up to its rows; returns how many entries were waiting.

    With `is_thorough` every ref is looked at first, not the head alone. `stop` is told each step of STEPS,
    and may raise. Raises Unavailable where others are at it for longer than `wait_seconds`: they look again
    when they are done, so that nothing is left behind.
    """
    path, count = find_place(database, repository_id), 0
    while path is not None:
        with holding_journal(path, wait_seconds=wait_seconds):
            count += _export_held(database, repository_id, path, is_thorough=is_thorough, stop=stop)
        # Whoever came meanwhile found the journal held, and went.
        with database.reading() as session:
            if not has_waiting(session, repository_id):
                break
    return count


def find_place(database: Database, repository_id: int) -> Path | None:
    """The repository's directory; None for one that is gone."""
    with database.reading() as session:
        repository = session.get(Repository, repository_id)
        if repository is None:
            return None
        path = place(database.config, repository.storage, repository.id)
        return path if path.is_dir() else None


@contextmanager
def holding_journal(path: Path, *, wait_seconds: float = _WAIT_SECONDS) -> Iterator[None]:
    """Has nobody else write the journal of this repository inside the block; raises Unavailable."""
    alive = lock(path, ALIVE_LOCK, shared=True, wait_seconds=wait_seconds)
    held = [] if alive is None else [alive]
    try:
        with holding(path, JOURNAL_LOCK, wait_seconds=wait_seconds if held else 0) as is_ours:
            if not held or not is_ours:
                raise Unavailable(
                    text("The journal of this repository is being written."),
                    next_step=text("Try it again in a minute."),
                )
            yield
    finally:
        let_go(held)


def _export_held(
    database: Database, repository_id: int, path: Path, *, is_thorough: bool, stop: Callable[[str], None]
) -> int:
    look = healing.is_any_elsewhere if is_thorough else healing.is_elsewhere
    with database.reading() as session:
        is_elsewhere = look(session, repository_id, path)
    if is_elsewhere:
        healing.heal(database, repository_id, path)
    for attempt in range(_ATTEMPTS):
        try:
            return _export(database, repository_id, path, stop)
        except GitFailed as error:
            if attempt + 1 == _ATTEMPTS:
                raise
            _log.warning("journal_ref_moved", repository_id=repository_id, error=str(error))
            healing.heal(database, repository_id, path)
    raise AssertionError("the last attempt returns or raises")


def _export(database: Database, repository_id: int, path: Path, stop: Callable[[str], None]) -> int:
    count = 0
    while found := _receipt(database, repository_id, stop):
        count += found
    stop(RECEIPTED)
    objects = RecordObjects(path)
    with database.reading() as session:
        written = [_write(session, objects, one) for one in _list_unwritten(session, repository_id)]
        newest = _newest_commit(session, repository_id, written)
    objects.put_on_disk()
    stop(WRITTEN)
    _move(path, written, newest)
    stop(MOVED)
    if written:
        with database.writing() as session:
            _record(session, written)
            stop(RECORDING)
    return count


def _receipt(database: Database, repository_id: int, stop: Callable[[str], None]) -> int:
    with database.reading() as session:
        if not has_waiting(session, repository_id):
            return 0
    with database.writing() as session:
        count = receipt_waiting(session, repository_id)
        stop(SIGNED)
        return count


def _list_unwritten(session: Session, repository_id: int) -> list[JournalTopic]:
    found = session.connection().execute(_LIST_UNWRITTEN, {"in_repository": repository_id})
    ids = set(found.scalars())
    return [session.get_one(JournalTopic, one) for one in sorted(ids)]


def _write(session: Session, objects: RecordObjects, topic: JournalTopic) -> _Written:
    homes = homes_of(session, topic.repository_id)
    return _Written(write_chain(session, objects, topic), topic.ref, topic.tip, ref_of(session, topic, homes))


def _newest_commit(session: Session, repository_id: int, written: Sequence[_Written]) -> str:
    row = session.connection().execute(_NEWEST, {"in_repository": repository_id}).one_or_none()
    if row is None:
        return ""
    commits = {receipt: commit for one in written for receipt, commit in one.chain.commits.items()}
    commit_id: str = commits.get(row.id, row.commit_id)
    return commit_id


def _move(path: Path, written: Sequence[_Written], newest: str) -> None:
    refs = RefFiles(path)
    topics = [move for one in written for move in _moves_of(refs, one)]
    at = _moves(refs, AT, refs.get(AT) or "", newest)
    if topics or at:
        # Whoever reads the head first finds all receipts up to it: it moves when all others have.
        move_refs_in_turn(path, [one for one in (topics, at) if one])
        harden(path, [one.name for one in (*topics, *at)], [])


def _moves_of(refs: RefFiles, one: _Written) -> list[RefUpdate]:
    tip = one.chain.tip or one.old_tip
    if one.ref == one.old_ref or not one.old_ref:
        return _moves(refs, one.ref, one.old_tip, tip)
    # The home has numbered it: its ref is called otherwise from now on.
    return [*_moves(refs, one.old_ref, one.old_tip, ""), *_moves(refs, one.ref, "", tip)]


def _moves(refs: RefFiles, name: str, old_tip: str, new_tip: str) -> list[RefUpdate]:
    if (refs.get(name) or "") == new_tip:
        return []
    return [RefUpdate(name, old_tip or ZERO_ID, new_tip or ZERO_ID)]


def _record(session: Session, written: Sequence[_Written]) -> None:
    for one in written:
        topic = session.get(JournalTopic, one.chain.topic_row_id)
        if topic is None:  # the repository was deleted meanwhile
            continue
        topic.ref, topic.tip = one.ref, one.chain.tip or one.old_tip
        # What was withheld since then asks for another rewriting.
        if one.chain.is_whole and count_texts(session, topic.id) == one.chain.texts:
            topic.needs_rewriting = False
    commits = [
        {"of_receipt": receipt, "in_commit": commit}
        for one in written
        for receipt, commit in one.chain.commits.items()
    ]
    if commits:
        session.connection().execute(_SET_COMMIT, commits)
