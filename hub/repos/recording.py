"""Records what moved: the ref log, the event and the end of the intent, in one transaction."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from hub.clock import now
from hub.db import Database
from hub.events import MovedRef, RefsUpdated, publish
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory, harden
from hub.repos.models import PushIntent, RefLogEntry, Repository
from hub.repos.names import COUNTED
from hub.repos.namespaces import record_all
from hub.repos.pushes import RefUpdate

# The name under which refs are logged that moved without any push of ours.
RECONCILER: Final = "reconciler"


def open_intent(
    session: Session,
    push_id: str,
    repository_id: int,
    user_id: int | None,
    moves: Sequence[RefUpdate],
    packs: Sequence[str],
) -> PushIntent:
    """Writes down what is about to move; it counts once the transaction is committed."""
    intent = PushIntent(
        push_id=push_id,
        repository_id=repository_id,
        user_id=user_id,
        refs=[[move.name, move.old_id, move.new_id] for move in moves],
        packs=list(packs),
        created_at=now(),
    )
    session.add(intent)
    session.flush()
    return intent


def record_push(database: Database, push_id: str, repository_id: int) -> list[str]:
    """Records what this push really moved and returns lines for the pusher; nothing the second time.

    The repository's queue must be held. First the files are put on the disk, then one transaction says so:
    if that fails the intent stays open, and whoever judges next or reconciles closes it.
    """
    with database.reading() as session:
        found = _find_open(session, push_id, repository_id)
        if found is None:
            return []
        repository, intent = found
        moved = look_what_moved(directory(database.config, repository), wanted_by(intent), intent.packs)
    with database.writing() as session:
        again = _find_open(session, push_id, repository_id, locked=True)
        return [] if again is None else close_intent(session, *again, moved)


def settle(database: Database, repository_id: int) -> None:
    """Closes what earlier pushes left open, so that the log has no gap; the queue must be held."""
    with database.reading() as session:
        left = list_open(session, repository_id)
    for push_id in left:
        record_push(database, push_id, repository_id)


def list_open(session: Session, repository_id: int) -> list[str]:
    """The ids of the pushes whose record is missing, oldest first."""
    is_open = (PushIntent.repository_id == repository_id, PushIntent.done_at.is_(None))
    return list(session.scalars(select(PushIntent.push_id).where(*is_open).order_by(PushIntent.id)))


def wanted_by(intent: PushIntent) -> list[RefUpdate]:
    """What the intent says about its refs."""
    return [RefUpdate(*one) for one in intent.refs]


def look_what_moved(
    repository_directory: Path, wanted: Sequence[RefUpdate], packs: Sequence[str]
) -> list[RefUpdate]:
    """Puts the files of a push on the disk and returns which of its refs are where it wanted them."""
    harden(repository_directory, [one.name for one in wanted], packs)
    files = RefFiles(repository_directory)
    return [one for one in wanted if one.old_id != one.new_id and is_at(files, one)]


def is_at(files: RefFiles, wanted: RefUpdate) -> bool:
    """Whether the ref is where the update wanted it."""
    current = files.get(wanted.name)
    return current is None if wanted.deletes else current == wanted.new_id


def close_intent(
    session: Session, repository: Repository, intent: PushIntent, moved: Sequence[RefUpdate]
) -> list[str]:
    """Logs and publishes what moved and ends the intent, in the session's transaction; returns lines."""
    intent.moved = [one.name for one in moved]
    intent.done_at = now()
    session.flush()
    return log_moves(session, repository, moved, push_id=intent.push_id, user_id=intent.user_id)


def log_moves(
    session: Session, repository: Repository, moved: Sequence[RefUpdate], *, push_id: str, user_id: int | None
) -> list[str]:
    """Logs and publishes what moved, in the session's transaction; returns lines for the pusher."""
    if not moved:
        return []
    at = now()
    rows = [
        {
            "repository_id": repository.id,
            "ref": one.name,
            "old_id": one.old_id,
            "new_id": one.new_id,
            "push_id": push_id,
            "user_id": user_id,
            "at": at,
        }
        for one in moved
    ]
    session.execute(insert(RefLogEntry), rows)
    _count(session, repository, moved)
    refs = tuple(MovedRef(one.name, one.old_id, one.new_id) for one in moved)
    event = RefsUpdated(repository.id, user_id, push_id, refs)
    publish(session, event)
    return record_all(session, event)


def _count(session: Session, repository: Repository, moved: Sequence[RefUpdate]) -> None:
    counted = [one for one in moved if one.name.startswith(COUNTED)]
    change = sum(one.creates for one in counted) - sum(one.deletes for one in counted)
    if change:
        session.execute(
            update(Repository)
            .where(Repository.id == repository.id)
            .values(refs_count=Repository.refs_count + change)
        )


def _find_open(
    session: Session, push_id: str, repository_id: int, *, locked: bool = False
) -> tuple[Repository, PushIntent] | None:
    wanted = (
        select(Repository, PushIntent)
        .join(PushIntent, PushIntent.repository_id == Repository.id)
        .where(PushIntent.push_id == push_id, Repository.id == repository_id, PushIntent.done_at.is_(None))
    )
    row = session.execute(wanted.with_for_update(of=PushIntent) if locked else wanted).one_or_none()
    return None if row is None else (row[0], row[1])
