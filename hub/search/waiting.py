"""Which branches the index is to look at: those that are not what it saw of them.

Nothing is asked of a push, which would wait for it: a sweep finds what moved.
"""

from sqlalchemy import exists, insert, select
from sqlalchemy.orm import Session

from hub.db import Base, Database
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import place
from hub.repos.models import Repository
from hub.repos.names import BRANCHES
from hub.search.models import CodeView, CodeWaiting

_WAITING = Base.metadata.tables[CodeWaiting.__tablename__]


def note_missed(database: Database) -> int:
    """Notes the branches whose views are not what the branches are; returns how many."""
    with database.reading() as session:
        missed = _list_missed(session, database)
    for repository_id, ref in missed:
        with database.writing() as session:
            if session.get(Repository, repository_id) is not None:
                session.execute(insert(_WAITING), [{"repository_id": repository_id, "ref": ref}])
    return len(missed)


def has_waiting(database: Database) -> bool:
    """Whether a branch waits to be looked at."""
    with database.reading() as session:
        return session.scalar(select(exists(select(CodeWaiting.id)))) is True


def _list_missed(session: Session, database: Database) -> list[tuple[int, str]]:
    repositories = session.execute(
        select(Repository.id, Repository.storage, Repository.default_branch).where(
            Repository.deleted_at.is_(None)
        )
    ).all()
    known: dict[int, dict[str, str]] = {}
    for repository_id, ref, commit_id in session.execute(
        select(CodeView.repository_id, CodeView.ref, CodeView.commit_id)
    ):
        known.setdefault(repository_id, {})[ref] = commit_id
    missed = []
    for repository_id, storage, default in repositories:
        refs, views = RefFiles(place(database.config, storage, repository_id)), known.get(repository_id, {})
        for ref in {f"{BRANCHES}{default}", *views}:
            tip = refs.get(ref)
            # A tag's own id is never that of its commit; it does not move, and is not looked at twice.
            is_seen = tip == views.get(ref) or (
                ref in views and tip is not None and not ref.startswith(BRANCHES)
            )
            if not is_seen:
                missed.append((repository_id, ref))
    return missed
