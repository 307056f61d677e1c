"""Which branches the index is to look at: those that are not what it saw of them.

Nothing is asked of a push, which would wait for it: whoever indexes finds what moved.
"""

from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from hub.clock import now
from hub.config import Config
from hub.repos.git.objects import Objects
from hub.repos.git.refs import RefFiles, RefsDamaged
from hub.repos.git.store import place
from hub.repos.models import Repository
from hub.repos.names import BRANCHES
from hub.search.code.choosing import wanted_refs
from hub.search.models import CodeView

# What one sweep looks at: 5,000 repositories take it 0.4 s, and it comes every minute.
MOST_AT_ONCE: Final = 2000

_log = structlog.get_logger(__name__)


def list_moved(
    session: Session, config: Config, which: ColumnElement[bool] | None = None
) -> list[tuple[int, str]]:
    """Repository and ref of each branch that is searched and whose view is not what the branch is now.

    `which` says of which repositories; a view that is searched no longer is followed until it is dropped.
    """
    is_meant = Repository.deleted_at.is_(None) & (true() if which is None else which)
    repositories = session.execute(
        select(Repository.id, Repository.storage, Repository.default_branch).where(is_meant)
    ).all()
    known: dict[int, dict[str, str]] = {}
    views = select(CodeView.repository_id, CodeView.ref, CodeView.commit_id)
    for repository_id, ref, commit_id in session.execute(views.join(Repository).where(is_meant)):
        known.setdefault(repository_id, {})[ref] = commit_id
    wanted = wanted_refs(session, config, repositories)
    moved = []
    for repository_id, storage, _ in repositories:
        path, seen = place(config, storage, repository_id), known.get(repository_id, {})
        refs = RefFiles(path)
        try:
            moved += [
                (repository_id, ref)
                for ref in sorted(wanted[repository_id] | seen.keys())
                if (tip := refs.get(ref)) != seen.get(ref) and _commit_at(path, ref, tip) != seen.get(ref)
            ]
        except RefsDamaged as error:
            _log.warning("code_refs_damaged", repository_id=repository_id, error=str(error))
    return moved


def list_moved_lately(session: Session, config: Config) -> list[tuple[int, str]]:
    """The same of a part of a large hub's repositories, another part each minute."""
    count = session.scalar(select(func.count()).select_from(Repository)) or 0
    parts = -(-count // MOST_AT_ONCE) or 1
    turn = int(now().timestamp()) // 60 % parts
    return list_moved(session, config, Repository.id % parts == turn)


def _commit_at(path: Path, ref: str, tip: str | None) -> str | None:
    """The commit that a tag leads to, which has an id of its own; a branch is at its commit."""
    if tip is None or ref.startswith(BRANCHES):
        return tip
    return Objects(path).peel(tip)
