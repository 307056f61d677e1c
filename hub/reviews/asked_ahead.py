"""Finds out ahead whether changes can be merged, so that their pages know without asking git."""

from pathlib import Path
from typing import Final

from sqlalchemy import select

from hub.db import Database, config_of
from hub.issues.models import Topic, TopicState
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import ASK_LOCK, directory, holding
from hub.repos.git.workshop import SECONDS
from hub.repos.models import Repository
from hub.repos.names import BRANCHES
from hub.reviews.mergeability import find_mergeability
from hub.reviews.models import Change

# Of the open changes of a repository so many of the newest; the page of an older one asks for itself.
_MOST: Final = 50
_MOST_ROUNDS: Final = 20


def ask_ahead(database: Database, repository_id: int) -> None:
    """Finds it out for the newest open changes of a repository; what is known already costs nothing.

    Where branches move faster than that can be told, nothing is asked about where they were: one job follows
    them, and the others that were asked for meanwhile leave it to that one.
    """
    with database.reading() as session:
        repository = session.get(Repository, repository_id)
        if repository is None or repository.deleted_at is not None:
            return
        folder = directory(config_of(session), repository)
    with holding(folder, ASK_LOCK) as is_ours:
        for _ in range(_MOST_ROUNDS if is_ours else 0):
            if _ask_all(database, folder, repository_id):
                return


def _ask_all(database: Database, folder: Path, repository_id: int) -> bool:
    """Asks for each change; returns False as soon as the branch of one has moved on."""
    query = (
        select(Change.target, Change.commit_id)
        .join(Topic, Topic.id == Change.topic_id)
        .where(Topic.repository_id == repository_id, Topic.state == TopicState.OPEN)
        .order_by(Topic.number.desc())
        .limit(_MOST)
    )
    with database.reading() as session:
        rows = session.execute(query).all()
    there: dict[str, str | None] = {}
    for target, commit_id in rows:
        target_id = RefFiles(folder).get(BRANCHES + target)
        if there.setdefault(target, target_id) != target_id:
            return False
        if target_id is not None:
            find_mergeability(
                database.config, folder, target_id=target_id, source_id=commit_id, seconds=SECONDS
            )
    return True
