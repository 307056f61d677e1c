"""Which files each change touches, kept in rows so that `path:` asks them; the worker's business."""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import or_, select

from hub.db import Database
from hub.issues.models import Topic
from hub.repos.git.objects import Objects, Unreadable
from hub.repos.git.store import place
from hub.repos.git.tree_survey import survey
from hub.repos.models import Repository
from hub.reviews.models import Change, PatchSet
from hub.search.models import ChangedPaths

# Nobody looks for a path in a change of more files and folders.
_MOST_FILES: Final = 5000
_AT_ONCE: Final = 200


class _Due(NamedTuple):
    topic_id: int
    base_id: str
    commit_id: str
    directory: Path


def keep_paths(database: Database, topics: Collection[int] | None = None) -> int:
    """Looks at newest patch sets not looked at yet, of these topics or of all; returns at how many."""
    count = 0
    while some := _list_due(database, topics):
        found = [(one, _paths_of(one)) for one in some]
        with database.writing() as session:
            for one, paths in found:
                if session.get(Topic, one.topic_id) is not None:
                    row = ChangedPaths(topic_id=one.topic_id, commit_id=one.commit_id, paths=paths)
                    session.merge(row)
        count += len(some)
    return count


def _list_due(database: Database, topics: Collection[int] | None) -> list[_Due]:
    query = (
        select(Change.topic_id, PatchSet.base_id, Change.commit_id, Repository.storage, Repository.id)
        .join(Repository, Repository.id == Change.repository_id)
        .join(
            PatchSet,
            (PatchSet.topic_id == Change.topic_id)
            & (PatchSet.number == Change.patch_sets_count)
            & (PatchSet.commit_id == Change.commit_id),
        )
        .outerjoin(ChangedPaths, ChangedPaths.topic_id == Change.topic_id)
        .where(or_(ChangedPaths.topic_id.is_(None), ChangedPaths.commit_id != Change.commit_id))
        .order_by(Change.topic_id)
        .limit(_AT_ONCE)
    )
    if topics is not None:
        query = query.where(Change.topic_id.in_(topics))
    with database.reading() as session:
        rows = session.execute(query).all()
    due = {row[0]: _Due(row[0], row[1], row[2], place(database.config, row[3], row[4])) for row in rows}
    return list(due.values())


def _paths_of(one: _Due) -> str:
    """What the row holds; nothing where the commits are not there (yet)."""
    try:
        objects = Objects(one.directory)
        base, tip = objects.tree_of(one.base_id) if one.base_id else None, objects.tree_of(one.commit_id)
        entries = survey(one.directory, base, tip, most=_MOST_FILES).entries if tip else ()
    except (Unreadable, OSError, KeyError, ValueError):
        return "\n"
    return as_lines(entry.new_path for entry in entries)


def as_lines(paths: Iterable[bytes]) -> str:
    """These paths as a row keeps them."""
    texts = (one.decode("utf-8", "replace").replace("\n", "\ufffd").lower() for one in paths)
    return "".join(f"\n{one}" for one in texts) + "\n"
