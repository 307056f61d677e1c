"""Finds out what the lines hold that threads are about; the worker's business.

Nothing is asked of who comments: a sweep finds the threads that nobody looked at, whether somebody wrote them
now, or they came with a journal.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import Select, delete, exists, select

from hub.db import Database
from hub.issues.models import Thread, Topic
from hub.journal.format.codec import path_bytes
from hub.repos.git.store import holding, place
from hub.repos.git.trees import TooLarge, Trees
from hub.repos.models import Repository
from hub.reviews.files.versions import commit_of
from hub.reviews.models import Anchor, PatchSet, Side
from hub.search.memory.lines import Discussed, cut, split_lines
from hub.search.memory.places import MOST_BYTES, path_key
from hub.search.models import DiscussedLines, ToldBy

_LOCK: Final = "discussed-lines.lock"
_AT_ONCE: Final = 200


class _Unseen(NamedTuple):
    """A thread that nobody looked at: where it is about, and in which repository that lies."""

    repository_id: int
    storage: str
    thread_id: int
    commit_id: str
    path: str
    first_line: int
    last_line: int


def look_at_threads(database: Database) -> int:
    """Notes what the lines hold of each thread that nobody looked at; returns of how many.

    Nothing while another process does it.
    """
    run = database.config.data / "run"
    run.mkdir(parents=True, exist_ok=True, mode=0o700)
    count = 0
    with holding(run, _LOCK) as is_ours:
        while is_ours and (some := _list_unseen(database)):
            found = _look(database, some)
            with database.writing() as session:
                there = set(session.scalars(_still(some)))
                session.add_all(one for one in found if one.thread_id in there)
            count += len(some)
    return count


def look_again(database: Database) -> None:
    """Forgets what was not there to be read: it may have come since."""
    with database.writing() as session:
        session.execute(delete(DiscussedLines).where(DiscussedLines.blob_id == ""))


def _list_unseen(database: Database) -> list[_Unseen]:
    is_seen = exists().where(DiscussedLines.thread_id == Thread.id)
    query = (
        select(Topic.repository_id, Repository.storage, Thread.id, PatchSet, Anchor)
        .join(Anchor, Anchor.thread_id == Thread.id)
        .join(Topic, Topic.id == Thread.topic_id)
        .join(Repository, Repository.id == Topic.repository_id)
        .join(PatchSet, (PatchSet.topic_id == Topic.id) & (PatchSet.entry_id == Anchor.patch_set))
        .where(
            Anchor.side != Side.MESSAGE,
            Anchor.first_line.is_not(None),
            Anchor.last_line.is_not(None),
            Repository.deleted_at.is_(None),
            ~is_seen,
        )
        .order_by(Thread.id)
        .limit(_AT_ONCE)
    )
    with database.reading() as session:
        return [_unseen(*row) for row in session.execute(query)]


def _unseen(repository_id: int, storage: str, thread_id: int, patch_set: PatchSet, anchor: Anchor) -> _Unseen:
    assert anchor.first_line is not None, "asked of the database"
    assert anchor.last_line is not None, "asked of the database"
    commit_id = commit_of(patch_set, anchor.side)
    lines = anchor.first_line, anchor.last_line
    return _Unseen(repository_id, storage, thread_id, commit_id, anchor.path, *lines)


def _look(database: Database, some: Sequence[_Unseen]) -> list[DiscussedLines]:
    found = []
    opened: dict[tuple[str, int], Trees | None] = {}
    for one in some:
        key = (one.storage, one.repository_id)
        if key not in opened:
            opened[key] = _open(database, *key)
        blob_id, discussed = _read(opened[key], one)
        found.append(
            DiscussedLines(
                thread_id=one.thread_id,
                repository_id=one.repository_id,
                path_key=path_key(path_bytes(one.path)),
                blob_id=blob_id,
                first_line=one.first_line,
                last_line=one.last_line,
                told_by=discussed.told_by,
                keys=discussed.keys,
            )
        )
    return found


def _open(database: Database, storage: str, repository_id: int) -> Trees | None:
    path = place(database.config, storage, repository_id)
    return Trees(path) if path.is_dir() else None


def _read(trees: Trees | None, one: _Unseen) -> tuple[str, Discussed]:
    """The id of the file that the thread is about, empty where there is none to be read, and its lines."""
    nothing = "", Discussed(one.first_line, ToldBy.BLOB, b"")
    try:
        entry = None if trees is None else trees.find(one.commit_id, path_bytes(one.path))
        if trees is None or entry is None or not entry.is_blob:
            return nothing
        blob = trees.read_blob(entry.object_id, most_bytes=MOST_BYTES)
    except (TooLarge, KeyError, ValueError):  # it is shown in its change alone
        return nothing
    if blob is None or blob.content is None or blob.is_binary:
        return nothing if blob is None else (entry.object_id, nothing[1])
    return entry.object_id, cut(split_lines(blob.content), one.first_line, one.last_line)


def _still(some: Sequence[_Unseen]) -> Select[int]:
    """Which of the threads are there still, without what somebody noted meanwhile."""
    is_seen = exists().where(DiscussedLines.thread_id == Thread.id)
    return select(Thread.id).where(Thread.id.in_([one.thread_id for one in some]), ~is_seen)
