"""Records what moved: the ref log, the event and the end of the intent, in one transaction.

Every push waits for this, so that it speaks to the database in plain statements, put together once and
without loading rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import bindparam, delete, func, insert, literal, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from hub.clock import now
from hub.db import Base, Database, config_of
from hub.events import MovedRef, RefsUpdated, publish
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import harden, pack_bytes, place
from hub.repos.models import ZERO_ID, PushIntent, RefLogEntry, Repository
from hub.repos.names import COUNTED, SHOWN
from hub.repos.pushes import RefUpdate
from hub.repos.pushing.namespaces import record_all

# The name under which refs are logged that moved without any push of ours.
RECONCILER: Final = "reconciler"

# Tables instead of classes: what SQLAlchemy does for classes took longer than the statements themselves.
INTENTS: Final = Base.metadata.tables[PushIntent.__tablename__]
LOG: Final = Base.metadata.tables[RefLogEntry.__tablename__]
REPOSITORIES: Final = Base.metadata.tables[Repository.__tablename__]

_OPEN: Final = (
    select(INTENTS.c.push_id, INTENTS.c.user_id, INTENTS.c.refs, INTENTS.c.packs, REPOSITORIES.c.storage)
    .join_from(INTENTS, REPOSITORIES, REPOSITORIES.c.id == INTENTS.c.repository_id)
    .where(INTENTS.c.done_at.is_(None), INTENTS.c.repository_id == bindparam("in_repository"))
    .order_by(INTENTS.c.id)
)
_OPEN_OF_PUSH: Final = _OPEN.where(INTENTS.c.push_id == bindparam("of_push"))
_CLOSE: Final = (
    update(INTENTS)
    .where(INTENTS.c.push_id == bindparam("of_push"), INTENTS.c.done_at.is_(None))
    .values(moved=bindparam("moved"), done_at=bindparam("done_at"))
)
_GROW: Final = (
    update(REPOSITORIES)
    .where(REPOSITORIES.c.id == bindparam("in_repository"))
    .values(
        refs_count=REPOSITORIES.c.refs_count + bindparam("added_refs"),
        size_bytes=REPOSITORIES.c.size_bytes + bindparam("added_bytes"),
    )
)
_INSERT_INTENT: Final = insert(INTENTS)
_INSERT_LOG: Final = insert(LOG)


@dataclass(frozen=True, slots=True)
class Intent:
    """What a push is about to move, and the packs that came with it."""

    push_id: str
    repository_id: int
    user_id: int | None
    moves: Sequence[RefUpdate]
    packs: Sequence[str] = ()
    key_name: str | None = None


def open_intent(session: Session, intent: Intent) -> None:
    """Writes down what is about to move; it counts once the transaction is committed."""
    values = {
        "push_id": intent.push_id,
        "repository_id": intent.repository_id,
        "user_id": intent.user_id,
        "key_name": intent.key_name,
        "refs": [[move.name, move.old_id, move.new_id] for move in intent.moves],
        "packs": list(intent.packs),
        "created_at": now(),
    }
    session.execute(_INSERT_INTENT, [values])


def record_push(database: Database, push_id: str, repository_id: int) -> list[str]:
    """Records what this push really moved and returns lines for the pusher; nothing the second time.

    The repository's queue must be held. First the files are put on the disk, then one transaction says so:
    if that fails the intent stays open, and whoever judges next or reconciles closes it.
    """
    with database.reading() as session:
        found = list_open(session, repository_id, push_id=push_id)
    return [line for path, intent in found for line in _record(database, path, intent)]


def settle(database: Database, repository_id: int) -> list[str]:
    """Closes what earlier pushes left open, so that the log has no gap; the queue must be held.

    Returns the ids of these pushes.
    """
    with database.reading() as session:
        left = list_open(session, repository_id)
    for path, intent in left:
        _record(database, path, intent)
    return [intent.push_id for _, intent in left]


def list_open(
    session: Session, repository_id: int, *, push_id: str | None = None
) -> list[tuple[Path, Intent]]:
    """The intents whose record is missing (or that one), oldest first, with the repository's directory."""
    wanted = _OPEN if push_id is None else _OPEN_OF_PUSH
    values = {"in_repository": repository_id, "of_push": push_id}
    found = []
    for open_id, user_id, refs, packs, storage in session.execute(wanted, values):
        moves = [RefUpdate(*one) for one in refs]
        path = place(config_of(session), storage, repository_id)
        found.append((path, Intent(open_id, repository_id, user_id, moves, packs)))
    return found


def _record(database: Database, path: Path, intent: Intent) -> list[str]:
    moved = look_what_moved(path, intent)
    with database.writing() as session:
        return close_intent(session, path, intent, moved)


def look_what_moved(path: Path, intent: Intent) -> list[RefUpdate]:
    """Puts the files of a push on the disk and returns which of its refs are where it wanted them."""
    harden(path, [move.name for move in intent.moves], intent.packs)
    files = RefFiles(path)
    return [move for move in intent.moves if move.old_id != move.new_id and is_at(files, move)]


def is_at(files: RefFiles, wanted: RefUpdate) -> bool:
    """Whether the ref is where the update wanted it."""
    current = files.get(wanted.name)
    return current is None if wanted.deletes else current == wanted.new_id


def close_intent(session: Session, path: Path, intent: Intent, moved: Sequence[RefUpdate]) -> list[str]:
    """Ends the intent, logs and publishes what moved, in the session's transaction; returns lines.

    Does nothing when the intent was closed meanwhile: the row is asked and locked by one statement.
    """
    values = {"of_push": intent.push_id, "moved": [move.name for move in moved], "done_at": now()}
    closed = session.execute(_CLOSE, values)
    assert isinstance(closed, CursorResult)
    if not closed.rowcount or not moved:
        return []
    _grow(session, intent.repository_id, moved, pack_bytes(path, intent.packs))
    return log_moves(session, intent.repository_id, moved, push_id=intent.push_id, user_id=intent.user_id)


def log_moves(
    session: Session,
    repository_id: int,
    moved: Sequence[RefUpdate],
    *,
    push_id: str,
    user_id: int | None,
    is_push: bool = True,
) -> list[str]:
    """Logs and publishes what moved, in the session's transaction; returns lines for the pusher."""
    shown = [move for move in moved if move.name.startswith(SHOWN)]
    same = {"repository_id": repository_id, "push_id": push_id, "user_id": user_id, "at": now()}
    rows = [
        {"ref": move.name, "old_id": move.old_id, "new_id": move.new_id, "push_size": None, **same}
        # The first row stands for the push in lists, which read on from there.
        for move in (*shown, *(move for move in moved if not move.name.startswith(SHOWN)))
    ]
    if shown and is_push:
        rows[0]["push_size"] = len(shown)
    session.execute(_INSERT_LOG, rows)
    refs = tuple(MovedRef(move.name, move.old_id, move.new_id) for move in moved)
    return _announce(session, RefsUpdated(repository_id, user_id, push_id, refs))


def log_copies(
    session: Session,
    origin_id: int,
    fork_id: int,
    refs: Mapping[str, str],
    *,
    push_id: str,
    user_id: int | None,
) -> None:
    """Logs and publishes that the new fork has these refs of its origin, in the session's transaction.

    Copied by the database from the log of the origin: handing it a thousand rows takes twenty times as long.
    Where that log is a push behind the refs, the reconciler finds it in the fork as well.
    """
    latest = select(func.max(LOG.c.id)).where(LOG.c.repository_id == origin_id).group_by(LOG.c.ref)
    is_copied = or_(*(func.substr(LOG.c.ref, 1, len(one)) == one for one in SHOWN))
    known = select(LOG.c.ref, LOG.c.new_id).where(LOG.c.id.in_(latest), LOG.c.new_id != ZERO_ID, is_copied)
    given = {"repository_id": fork_id, "old_id": ZERO_ID, "push_id": push_id, "user_id": user_id, "at": now()}
    same = [literal(value, LOG.c[name].type).label(name) for name, value in given.items()]
    copied = session.execute(insert(LOG).from_select(["ref", "new_id", *given], known.add_columns(*same)))
    assert isinstance(copied, CursorResult)
    if copied.rowcount != len(refs):
        session.execute(delete(LOG).where(LOG.c.repository_id == fork_id))
        moved = [RefUpdate(name, ZERO_ID, ref_id) for name, ref_id in refs.items()]
        log_moves(session, fork_id, moved, push_id=push_id, user_id=user_id, is_push=False)
        return
    moves = tuple(MovedRef(name, ZERO_ID, ref_id) for name, ref_id in refs.items())
    _announce(session, RefsUpdated(fork_id, user_id, push_id, moves))


def _announce(session: Session, event: RefsUpdated) -> list[str]:
    publish(session, event)
    return record_all(session, event)


def _grow(session: Session, repository_id: int, moved: Sequence[RefUpdate], added_bytes: int) -> None:
    counted = [move for move in moved if move.name.startswith(COUNTED)]
    added_refs = sum(move.creates for move in counted) - sum(move.deletes for move in counted)
    if added_refs or added_bytes:
        values = {"in_repository": repository_id, "added_refs": added_refs, "added_bytes": added_bytes}
        session.execute(_GROW, values)
