"""Changes that follow a branch which moved elsewhere: in a fork, or by a merge."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access import Permission, Viewer
from hub.accounts.models import User
from hub.clock import now
from hub.db import Database, config_of
from hub.errors import HubError
from hub.issues.models import Topic, TopicState
from hub.repos.access import open_repository
from hub.repos.git.process import GitFailed
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.repos.names import BRANCHES
from hub.reviews.intake.identity import Known, find_by_number
from hub.reviews.intake.proposed import Proposed
from hub.reviews.intake.versions import find_version
from hub.reviews.models import Change
from hub.reviews.opening import bring_objects, propose

# A sweep looks at repositories that were pushed to lately; each push asks for its own look at once.
_LATELY: Final = timedelta(minutes=30)


def has_followers(session: Session, repository_id: int) -> bool:
    """Whether an open change of another repository follows a branch of this one."""
    query = (
        select(Change.topic_id)
        .join(Topic, Topic.id == Change.topic_id)
        .where(
            Change.followed_repository_id == repository_id,
            Change.repository_id != repository_id,
            Topic.state == TopicState.OPEN,
        )
        .limit(1)
    )
    return session.scalar(query) is not None


def follow(database: Database, repository_id: int) -> None:
    """Adds a patch set to every open change that follows a branch of this repository which moved on."""
    with database.reading() as session:
        behind = _find_behind(session, repository_id)
    for change_repository_id, number, branch in behind:
        # Whoever may not propose any more, or a branch that cannot be compared: the change stays as it is.
        with suppress(HubError, GitFailed):
            with database.reading() as session:
                found = _look(session, repository_id, change_repository_id, number, branch)
            if found is not None:
                with database.writing() as session:
                    repository = session.get_one(Repository, change_repository_id)
                    propose(session, found.author, repository, found.proposed, known=found.known)


def follow_lately_pushed(database: Database) -> None:
    """Does so for every repository that was pushed to lately: what a crash or a race left behind."""
    with database.reading() as session:
        query = (
            select(Change.followed_repository_id)
            .join(Topic, Topic.id == Change.topic_id)
            .join(Repository, Repository.id == Change.followed_repository_id)
            .where(Topic.state == TopicState.OPEN, Repository.pushed_at > now() - _LATELY)
            .distinct()
        )
        ids = [one for one in session.scalars(query) if one is not None]
    for repository_id in ids:
        follow(database, repository_id)


def _find_behind(session: Session, repository_id: int) -> list[tuple[int, int, str]]:
    repository = session.get(Repository, repository_id)
    if repository is None or repository.deleted_at is not None:
        return []
    query = (
        select(Change.repository_id, Topic.number, Change.followed_branch, Change.commit_id)
        .join(Topic, Topic.id == Change.topic_id)
        .where(Change.followed_repository_id == repository_id, Topic.state == TopicState.OPEN)
    )
    files = RefFiles(directory(config_of(session), repository))
    found = []
    for change_repository_id, number, branch, commit_id in session.execute(query):
        tip_id = files.get(f"{BRANCHES}{branch}")
        if branch is not None and tip_id is not None and tip_id != commit_id:
            found.append((change_repository_id, number, branch))
    return found


@dataclass(frozen=True, slots=True)
class _Found:
    """The patch set that a branch which moved is to a change."""

    author: Viewer
    known: Known
    proposed: Proposed


def _look(
    session: Session, repository_id: int, change_repository_id: int, number: int, branch: str
) -> _Found | None:
    source = session.get_one(Repository, repository_id)
    repository = session.get_one(Repository, change_repository_id)
    known = find_by_number(session, repository.id, number)
    tip_id = RefFiles(directory(config_of(session), source)).get(BRANCHES + branch)
    if known is None or known.author_id is None or tip_id is None or known.state is not TopicState.OPEN:
        return None
    author = _author(session, known)
    # The change of somebody who lost a right stays as it is.
    open_repository(session, author, source.id, need=Permission.SEE)
    open_repository(session, author, repository.id, need=Permission.PROPOSE)
    theirs, ours = (directory(config_of(session), one) for one in (source, repository))
    bring_objects(theirs, ours, tip_id)
    target_id = RefFiles(ours).get(BRANCHES + known.target)
    found = None if target_id is None else find_version(ours, target_id, tip_id, known)
    if found is None:
        return None
    series, facts = found
    proposed = Proposed(
        number=known.number,
        patch_set=known.patch_sets + 1,
        commit_id=tip_id,
        base_id=series.base_id or "",
        facts=facts,
        before=[known.base_id, known.commit_id],
        target=known.target,
    )
    return _Found(author, known, proposed)


def _author(session: Session, known: Known) -> Viewer:
    return session.get_one(User, known.author_id).viewer()
