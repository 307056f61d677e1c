"""Which branches the index is to look at: those that are not what it saw of them.

Nothing is asked of a push, which would wait for it: a sweep finds what moved.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.config import Config
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import place
from hub.repos.models import Repository
from hub.repos.names import BRANCHES
from hub.search.models import CodeView


def list_moved(session: Session, config: Config) -> list[tuple[int, str]]:
    """Repository and ref of each branch that is searched and whose view is not what the branch is now."""
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
    moved = []
    for repository_id, storage, default in repositories:
        refs, views = RefFiles(place(config, storage, repository_id)), known.get(repository_id, {})
        for ref in {f"{BRANCHES}{default}", *views}:
            tip = refs.get(ref)
            # A tag's own id is never that of its commit; it does not move, and is not looked at twice.
            is_seen = tip == views.get(ref) or (
                ref in views and tip is not None and not ref.startswith(BRANCHES)
            )
            if not is_seen:
                moved.append((repository_id, ref))
    return moved
