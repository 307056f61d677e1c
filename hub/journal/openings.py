"""Repositories that stand without a topic of their own, made before there was a journal, are given one."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from hub.db import Database
from hub.journal.models import JournalTopic
from hub.journal.recording import REPOSITORY
from hub.journal.replay import repository_topic
from hub.repos.models import Repository

_MOST_AT_ONCE = 100


def open_missing(database: Database) -> int:
    """Opens the own topic of every repository without one; returns how many there were."""
    opened = 0
    while missing := _list_missing(database):
        with database.writing() as session:
            for repository_id in missing:
                if session.get(Repository, repository_id) is not None:
                    repository_topic(session, repository_id)
        opened += len(missing)
    return opened


def _list_missing(database: Database) -> list[int]:
    with database.reading() as session:
        return _find_missing(session)


def _find_missing(session: Session) -> list[int]:
    is_its_own = (JournalTopic.repository_id == Repository.id) & (JournalTopic.type == REPOSITORY)
    wanted = select(Repository.id).where(~exists().where(is_its_own)).order_by(Repository.id)
    return list(session.scalars(wanted.limit(_MOST_AT_ONCE)))
