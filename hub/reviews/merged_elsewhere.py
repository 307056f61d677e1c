"""Changes that were merged without the hub's doing: by hand and pushed, rebased, squashed, or from a fork."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.clock import now
from hub.db import Database, config_of
from hub.issues.models import Topic
from hub.journal.people import person_of
from hub.repos.git.new_commits import read_new_commits
from hub.repos.git.process import GitFailed
from hub.repos.git.store import directory
from hub.repos.models import ZERO_ID, RefLogEntry, Repository
from hub.repos.names import BRANCHES
from hub.reviews.merging import record_merge
from hub.reviews.recognising import (
    MOST_COMMITS,
    Recognised,
    has_candidates,
    list_candidates,
    recognise,
)

# A sweep looks again at what was pushed lately; each push asks for its own look at once.
_LATELY: Final = timedelta(minutes=30)
_MOST_MOVES: Final = 200


def close_merged(database: Database, repository_id: int, push_id: str) -> None:
    """Says of every open change that it is merged, where that push brought its commits. May be run again."""
    moves = select(RefLogEntry).where(
        RefLogEntry.repository_id == repository_id, RefLogEntry.push_id == push_id
    )
    with database.reading() as session:
        rows = [_Move(one) for one in session.scalars(moves)]
    _look_at(database, rows)


def close_lately_merged(database: Database) -> None:
    """Does so for all that was pushed lately: what a crash left out."""
    moves = (
        select(RefLogEntry)
        .where(RefLogEntry.at > now() - _LATELY)
        .order_by(RefLogEntry.id.desc())
        .limit(_MOST_MOVES)
    )
    with database.reading() as session:
        rows = [_Move(one) for one in session.scalars(moves)]
    _look_at(database, rows)


class _Move:
    """A branch that moved, by whom."""

    def __init__(self, row: RefLogEntry) -> None:
        self.repository_id, self.user_id = row.repository_id, row.user_id
        self.ref, self.old_id, self.new_id = row.ref, row.old_id, row.new_id

    @property
    def is_of_interest(self) -> bool:
        """Whether a branch that was there got another commit."""
        return self.ref.startswith(BRANCHES) and ZERO_ID not in (self.old_id, self.new_id)


def _look_at(database: Database, moves: Iterable[_Move]) -> None:
    for move in moves:
        if move.is_of_interest:
            # What git cannot read, or not in time, is nothing that could be recognised.
            with suppress(GitFailed):
                _look_at_one(database, move)


def _look_at_one(database: Database, move: _Move) -> None:
    branch = move.ref.removeprefix(BRANCHES)
    with database.reading() as session:
        repository = session.get(Repository, move.repository_id)
        if repository is None or not has_candidates(session, repository.id, [branch]):
            return
        path = directory(config_of(session), repository)
    new = read_new_commits(path, move.old_id, move.new_id, most=MOST_COMMITS)
    if not new.ids:
        return
    with database.reading() as session:
        found = recognise(list_candidates(session, move.repository_id, branch, new), new)
    for one in found:
        with database.writing() as session:
            _close(session, move, one)


def _close(session: Session, move: _Move, found: Recognised) -> None:
    topic = session.get(Topic, found.candidate.topic_id)
    if topic is None:
        return
    person = None if move.user_id is None else person_of(session, move.repository_id, move.user_id)
    record_merge(
        session,
        topic,
        person,
        commit_id=found.commit_id,
        strategy=found.strategy,
        source_id=found.candidate.commit_id,
    )
