"""Which histories the index of commits is to look at: default branches that are not what it saw of them."""

import structlog
from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from hub.config import Config
from hub.repos.git.refs import RefFiles, RefsDamaged
from hub.repos.git.store import place
from hub.repos.models import Repository
from hub.repos.names import BRANCHES
from hub.search.models import CommitView

_log = structlog.get_logger(__name__)


def list_moved(
    session: Session, config: Config, which: ColumnElement[bool] | None = None
) -> list[tuple[int, str]]:
    """Repository and ref of each branch that the index has to look at, the oldest repository first.

    `which` says of which repositories; None for all.
    """
    is_meant = Repository.deleted_at.is_(None) & (true() if which is None else which)
    rows = select(Repository.id, Repository.storage, Repository.default_branch).where(is_meant)
    repositories = session.execute(rows.order_by(Repository.id)).all()
    views = select(CommitView.repository_id, CommitView.ref, CommitView.commit_id)
    views = views.join(Repository).where(is_meant)
    seen: dict[int, dict[str, str]] = {}
    for repository_id, ref, commit_id in session.execute(views):
        seen.setdefault(repository_id, {})[ref] = commit_id
    moved = []
    for repository_id, storage, default in repositories:
        ref = BRANCHES + default
        try:
            tip = RefFiles(place(config, storage, repository_id)).get(ref)
        except RefsDamaged as error:
            _log.warning("commit_refs_damaged", repository_id=repository_id, error=str(error))
            continue
        known = seen.get(repository_id, {})
        # One that was the default branch shows nothing any more.
        moved += [(repository_id, one) for one in known if one != ref]
        if tip != known.get(ref):
            moved.append((repository_id, ref))
    return moved
