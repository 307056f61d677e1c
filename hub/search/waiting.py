"""Which branches the index is to look at: those that moved, and those that it never saw or missed."""

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from hub.db import Base, Database
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import place
from hub.repos.models import Repository
from hub.repos.names import BRANCHES
from hub.search.models import CodeView, CodeWaiting

_WAITING = Base.metadata.tables[CodeWaiting.__tablename__]


def note_moved(session: Session, repository_id: int, refs: list[str]) -> bool:
    """Notes those of the refs that are searched: the default branch, and what somebody asked for before."""
    default = session.scalar(select(Repository.default_branch).where(Repository.id == repository_id))
    seen = select(CodeView.ref).where(CodeView.repository_id == repository_id, CodeView.ref.in_(refs))
    wanted = {*session.scalars(seen), *({f"{BRANCHES}{default}"} & set(refs))}
    if wanted:
        session.execute(
            insert(_WAITING), [{"repository_id": repository_id, "ref": one} for one in sorted(wanted)]
        )
    return bool(wanted)


def note_missed(database: Database) -> int:
    """Notes the branches whose views are not what the branches are; returns how many."""
    with database.reading() as session:
        missed = _list_missed(session, database)
    for repository_id, ref in missed:
        with database.writing() as session:
            if session.get(Repository, repository_id) is not None:
                session.execute(insert(_WAITING), [{"repository_id": repository_id, "ref": ref}])
    return len(missed)


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
