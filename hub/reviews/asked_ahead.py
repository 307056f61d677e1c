"""Finds out ahead whether changes can be merged, so that their pages know without asking git."""

from typing import Final

from sqlalchemy import select

from hub.db import Database, config_of
from hub.issues.models import Topic, TopicState
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory
from hub.repos.git.workshop import SECONDS
from hub.repos.models import Repository
from hub.repos.names import BRANCHES
from hub.reviews.mergeability import find_mergeability
from hub.reviews.models import Change

# Of the open changes of a repository so many of the newest; the page of an older one asks for itself.
_MOST: Final = 100


def ask_ahead(database: Database, repository_id: int) -> None:
    """Finds it out for the open changes of a repository; what is known already costs nothing."""
    query = (
        select(Change.target, Change.commit_id)
        .join(Topic, Topic.id == Change.topic_id)
        .where(Topic.repository_id == repository_id, Topic.state == TopicState.OPEN)
        .order_by(Topic.number.desc())
        .limit(_MOST)
    )
    with database.reading() as session:
        repository = session.get(Repository, repository_id)
        if repository is None or repository.deleted_at is not None:
            return
        folder = directory(config_of(session), repository)
        rows = session.execute(query).all()
    files = RefFiles(folder)
    for target, commit_id in rows:
        target_id = files.get(BRANCHES + target)
        if target_id is not None:
            find_mergeability(
                database.config, folder, target_id=target_id, source_id=commit_id, seconds=SECONDS
            )
