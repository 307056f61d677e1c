"""What git says of patch sets that came with a journal is found out afterwards."""

from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from hub.db import Database
from hub.issues.models import Topic
from hub.repos.git.commits import read_commits
from hub.repos.git.divergence import list_between
from hub.repos.git.process import GitFailed
from hub.repos.git.series import Series
from hub.repos.git.store import place
from hub.repos.models import Repository
from hub.reviews.intake.proposed import Facts, as_rebase
from hub.reviews.intake.recording import keep_facts
from hub.reviews.intake.versions import read_facts
from hub.reviews.models import PatchSet, PatchSetFacts
from hub.reviews.proposing import MOST_COMMITS

_AT_ONCE: Final = 50
# Of commits that did not come along nothing can be said.
_NOTHING: Final = Facts("", "", "", "", False, [], 0, 0, 0)


def measure_missing(database: Database, repository_id: int | None = None) -> int:
    """Finds out what is missing, in one repository or in all; returns of how many patch sets."""
    count = 0
    while some := _list_missing(database, repository_id):
        found = [(one.row_id, _facts_of(one)) for one in some]
        with database.writing() as session:
            for row_id, facts in found:
                if session.get(PatchSet, row_id) is not None and session.get(PatchSetFacts, row_id) is None:
                    _keep(session, row_id, facts)
        count += len(some)
    return count


class _Missing(NamedTuple):
    row_id: int
    base_id: str
    commit_id: str
    path: Path


def _list_missing(database: Database, repository_id: int | None) -> list[_Missing]:
    columns = (PatchSet.id, PatchSet.base_id, PatchSet.commit_id, Repository.storage, Repository.id)
    missing = (
        select(*columns)
        .join(Topic, Topic.id == PatchSet.topic_id)
        .join(Repository, Repository.id == Topic.repository_id)
        .where(~exists().where(PatchSetFacts.patch_set_id == PatchSet.id))
        .order_by(PatchSet.id)
        .limit(_AT_ONCE)
    )
    if repository_id is not None:
        missing = missing.where(Repository.id == repository_id)
    with database.reading() as session:
        rows = session.execute(missing).all()
    return [_Missing(row[0], row[1], row[2], place(database.config, row[3], row[4])) for row in rows]


def _facts_of(one: _Missing) -> Facts:
    try:
        ids, _ = list_between(one.path, one.base_id, one.commit_id, most=MOST_COMMITS)
        series = Series(one.base_id, one.commit_id, tuple(read_commits(one.path, reversed(ids))))
        return read_facts(one.path, series) if series.commits else _NOTHING
    except (GitFailed, OSError, KeyError, ValueError):
        return _NOTHING


def _keep(session: Session, row_id: int, facts: Facts) -> None:
    patch_set = session.get_one(PatchSet, row_id)
    before = session.execute(
        select(PatchSet.base_id, PatchSetFacts.patch_id)
        .join(PatchSetFacts, PatchSetFacts.patch_set_id == PatchSet.id)
        .where(PatchSet.topic_id == patch_set.topic_id, PatchSet.id < row_id)
        .order_by(PatchSet.id.desc())
        .limit(1)
    ).one_or_none()
    is_rebase = (
        before is not None
        and bool(facts.patch_id)
        and before.patch_id == facts.patch_id
        and before.base_id != patch_set.base_id
    )
    keep_facts(session, row_id, as_rebase(facts, is_rebase=is_rebase))
