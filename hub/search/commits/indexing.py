"""Brings the index of commits up to what branches hold: new commits are added, and each view is noted.

It is an index of its own, so that a long history keeps nobody else from indexing, and takes a few thousand
commits at a time: what was taken in stays when the rest is interrupted. The index is committed first and the
rows after; a crash in between leaves documents that nobody is shown, which `drop_unused` finds.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from hub.clock import now
from hub.config import Config
from hub.db import Database
from hub.errors import Unavailable, text
from hub.repos.git.commits import CommitRow, read_commits
from hub.repos.git.history_differences import CommitIds, list_missing
from hub.repos.git.objects import Objects
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory, holding
from hub.repos.models import Repository
from hub.repos.names import BRANCHES
from hub.search.commits.documents import AUTHOR, COMMITTER, NUMBER, CommitText, digest_of
from hub.search.commits.folder import forget_damage, index_folder, is_sound
from hub.search.commits.rows import (
    Who,
    add_documents,
    as_row,
    forget_all,
    forget_documents,
    forget_people,
    numbers_of,
    people_of,
)
from hub.search.engine.damage import IndexDamaged
from hub.search.engine.numbers import NONE, Numbers, as_numbers, pack, unpack
from hub.search.models import CommitDocument, CommitView
from hub.search.parts import parts
from hub.search.words.documents import DocumentKind
from hub.search.words.index import WordIndex

MOST_COMMITS: Final = 1_000_000

_LOCK: Final = "commit-index.lock"
_WAIT_SECONDS: Final = 600.0
# Ids that are looked up together.
_AT_ONCE: Final = 4000
# What is held in memory, and what one commit of the index takes.
_READ_AT_ONCE: Final = 200
_MOST_TEXTS: Final = 20_000
_MOST_LETTERS: Final = 32 << 20

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Indexed:
    """What was done for a branch: how many documents are new, and how many it shows."""

    added: int
    shown: int


@dataclass(frozen=True, slots=True)
class _Plan:
    """What has to be done so that the view is right: commits that came, and commits that went."""

    commit_id: str
    before: Numbers
    came: CommitIds | None = None
    went: CommitIds | None = None


@contextmanager
def indexing(database: Database, *, wait_seconds: float = _WAIT_SECONDS) -> Iterator[WordIndex]:
    """The index, for the one process that changes it; raises Unavailable while another one does.

    One that is missing or damaged is an empty one, and its rows are forgotten.
    """
    folder = index_folder(database.config)
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with holding(folder.parent, _LOCK, wait_seconds=wait_seconds) as is_ours:
        if not is_ours:
            raise Unavailable(text("The index is being changed."), next_step=text("Try it again."))
        index = WordIndex(folder)
        try:
            if not _can_read(index, database.config):
                _log.warning("commit_index_made_anew")
                with database.writing() as session:
                    forget_all(session)
                index.make_anew()
                forget_damage(database.config)
            yield index
        finally:
            index.close()


def _can_read(index: WordIndex, config: Config) -> bool:
    try:
        index.segments()
    except IndexDamaged:
        return False
    return is_sound(config)


def update_view(database: Database, index: WordIndex, repository_id: int, ref: str) -> Indexed:
    """Has the index know which commits lead to the branch now; one that is gone shows nothing any more."""
    with database.reading() as session:
        repository = session.get(Repository, repository_id)
        if repository is None:
            return Indexed(0, 0)
        path = directory(database.config, repository)
        plan = _make_plan(session, path, repository, ref)
    if plan is None:
        with database.writing() as session:
            is_it = (CommitView.repository_id == repository_id) & (CommitView.ref == ref)
            session.execute(delete(CommitView).where(is_it))
        return Indexed(0, 0)
    came, added = _take_in(database, index, path, plan.came)
    with database.writing() as session:
        shown = _shown(session, plan, came)
        if session.get(Repository, repository_id) is not None:
            _save(session, (repository_id, ref), plan.commit_id, shown)
    return Indexed(added, len(shown))


def _make_plan(session: Session, path: Path, repository: Repository, ref: str) -> _Plan | None:
    is_meant = ref == BRANCHES + repository.default_branch
    tip = RefFiles(path).get(ref) if is_meant else None
    commit_id = None if tip is None else Objects(path).peel(tip)
    if commit_id is None:
        return None
    same = select(CommitView.documents).where(CommitView.commit_id == commit_id).limit(1)
    known = session.scalars(same).first()
    if known is not None:
        # A fork, or a branch that is where another one is.
        return _Plan(commit_id, unpack(known))
    for base in (session.get(CommitView, (repository.id, ref)), _of_origin(session, repository)):
        if base is not None and Objects(path).kind(base.commit_id) == "commit":
            came = list_missing(path, base.commit_id, commit_id, most=MOST_COMMITS)
            went = list_missing(path, commit_id, base.commit_id, most=MOST_COMMITS)
            return _Plan(commit_id, unpack(base.documents), came, went)
    found = list_missing(path, None, commit_id, most=MOST_COMMITS)
    if found.is_cut:
        _log.warning("commits_not_wholly_indexed", repository_id=repository.id, ref=ref, most=MOST_COMMITS)
    return _Plan(commit_id, NONE, found)


def _of_origin(session: Session, repository: Repository) -> CommitView | None:
    of_it = select(CommitView).where(CommitView.repository_id == repository.origin_id)
    return session.scalars(of_it.limit(1)).first()


def _take_in(
    database: Database, index: WordIndex, path: Path, ids: CommitIds | None
) -> tuple[list[Numbers], int]:
    """The numbers of these commits, of which the index gets those that it lacks; and how many these were."""
    numbers, missing = list[Numbers](), list[bytes]()
    for some in ids.parts(_AT_ONCE) if ids is not None else ():
        with database.reading() as session:
            known = numbers_of(session, some)
        numbers.append(as_numbers(known.values()))
        missing += (one for one in some if one not in known)
    added = 0
    for commits in _read(path, missing):
        came = _add(database, index, commits)
        numbers.append(came)
        added += len(came)
    return numbers, added


def _read(path: Path, commit_ids: Sequence[bytes]) -> Iterator[list[CommitRow]]:
    """The commits, as many at a time as one commit of the index takes."""
    read, letters = list[CommitRow](), 0
    for some in parts(commit_ids, _READ_AT_ONCE):
        found = read_commits(path, [one.hex() for one in some])
        read += found
        letters += sum(len(one.subject) + len(one.body) for one in found)
        if len(read) >= _MOST_TEXTS or letters >= _MOST_LETTERS:
            yield read
            read, letters = [], 0
    if read:
        yield read


def _add(database: Database, index: WordIndex, commits: Sequence[CommitRow]) -> Numbers:
    with database.writing() as session:
        people = people_of(session, {who for one in commits for who in _people(one)})
    first = _next_number(database, index)
    with index.writing(expected=len(commits)) as writer:
        writer.add(
            CommitText(number, one, *(people[who] for who in _people(one)))
            for number, one in enumerate(commits, first)
        )
    with database.writing() as session:
        add_documents(
            session, ((number, bytes.fromhex(one.commit_id)) for number, one in enumerate(commits, first))
        )
    return np.arange(first, first + len(commits), dtype=np.uint32)


def _people(commit: CommitRow) -> tuple[Who, Who]:
    return (
        as_row(commit.author_name, commit.author_email),
        as_row(commit.committer_name, commit.committer_email),
    )


def _next_number(database: Database, index: WordIndex) -> int:
    """One more than any number that the index or a row has."""
    held = [int(one.numbers(NUMBER).max()) for one in index.segments() if one.count]
    with database.reading() as session:
        known = session.scalar(select(func.max(CommitDocument.number)))
    return max([*held, -1 if known is None else known], default=-1) + 1


def _shown(session: Session, plan: _Plan, came: Sequence[Numbers]) -> Numbers:
    shown = plan.before
    for some in plan.went.parts(_AT_ONCE) if plan.went is not None else ():
        gone = as_numbers(numbers_of(session, some).values())
        shown = np.setdiff1d(shown, gone, assume_unique=True)
    return np.unique(np.concatenate([shown, *came])) if came else shown


def _save(session: Session, name: tuple[int, str], commit_id: str, shown: Numbers) -> None:
    view = session.get(CommitView, name)
    if view is None:
        view = CommitView(repository_id=name[0], ref=name[1])
        session.add(view)
    view.commit_id, view.documents, view.indexed_at = commit_id, pack(shown), now()


def drop_unused(database: Database, index: WordIndex) -> int:
    """Removes the commits that no branch shows, from the index's files too; returns how many there were."""
    _forget_lacking(database, index)
    with database.reading() as session:
        used = [unpack(one) for one in session.scalars(select(CommitView.documents))]
    held = _column(index, NUMBER)
    unused = held[~np.isin(held, np.unique(np.concatenate([NONE, *used])))].tolist()
    if unused:
        with index.writing(expected=0) as writer:
            writer.drop(DocumentKind.COMMIT, unused)
    # Also what an earlier run dropped and did not come to.
    index.purge()
    with database.writing() as session:
        forget_documents(session, unused)
        forget_people(session, {*_column(index, AUTHOR).tolist(), *_column(index, COMMITTER).tolist()})
    return len(unused)


def _forget_lacking(database: Database, index: WordIndex) -> None:
    """Forgets rows of which the index knows nothing, or something else, and views that name other numbers.

    So it is where one of the two was put back to an earlier state; the views are made anew by the next sweep.
    """
    digests = dict(zip(_column(index, NUMBER).tolist(), _column(index, "digest").tolist(), strict=True))
    with database.writing() as session:
        rows = session.execute(select(CommitDocument.number, CommitDocument.key)).all()
        right = as_numbers(number for number, key in rows if digests.get(number) == digest_of(key))
        wrong = np.setdiff1d(as_numbers(number for number, _ in rows), right).tolist()
        forget_documents(session, wrong)
        for view in session.scalars(select(CommitView)):
            if len(np.setdiff1d(unpack(view.documents), right)):
                _log.warning("commit_index_lacks_documents", repository_id=view.repository_id)
                session.delete(view)
        session.flush()


def _column(index: WordIndex, name: str) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    found = [one.numbers(name)[one.live] for one in index.segments()]
    return np.concatenate([np.empty(0, np.uint64), *found])
