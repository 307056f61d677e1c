"""The branch that a change came from, where it may go once the change is merged."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.db import config_of
from hub.issues.models import Topic, TopicState
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory
from hub.repos.names import BRANCHES
from hub.repos.pushing.standing import find_standing
from hub.repos.ref_rules import rules_for
from hub.reviews.changes import OpenedChange
from hub.reviews.models import Change


def find_deletable_branch(session: Session, viewer: Viewer, opened: OpenedChange) -> str | None:
    """The name of the branch, in the change's own repository, if nothing would be lost with it.

    It is where the change is; it is not the default branch, and nobody proposes something for it; no rule
    keeps the viewer from deleting it.
    """
    change, repository = opened.change, opened.repository
    branch = change.followed_branch
    if branch is None or change.followed_repository_id != repository.id:
        return None
    if branch in (repository.default_branch, change.target):
        return None
    files = RefFiles(directory(config_of(session), repository))
    if files.get(BRANCHES + branch) != change.commit_id or _is_wanted(session, repository.id, branch):
        return None
    standing = find_standing(session, viewer, repository.id)
    rules = rules_for(standing.rules, BRANCHES + branch)
    return branch if all(one.may_delete and one.admits(standing.role) for one in rules) else None


def _is_wanted(session: Session, repository_id: int, branch: str) -> bool:
    is_open = exists().where(Topic.id == Change.topic_id, Topic.state == TopicState.OPEN)
    proposed = select(Change.topic_id).where(
        Change.repository_id == repository_id, Change.target == branch, is_open
    )
    return session.scalars(proposed.limit(1)).first() is not None
