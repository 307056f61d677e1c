"""What was taken away leaves the disk: objects of git's, the database's old pages, what was kept for pages.

Rows say what may be left, until all of it is gone; so a run that was stopped, at whatever point, is made up
for by the next one. What only memory holds, such as answers to fetches, is of the refs as they were: nobody
is given it any more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import delete, or_, select, update

from hub.clock import now
from hub.db import Database
from hub.errors import NotFound, Unavailable, text
from hub.journal.format.ref_names import BROKEN_PREFIX
from hub.journal.models import JournalDamage, JournalLeftover, JournalTopic
from hub.journal.refs.exporting import export, find_place, holding_journal
from hub.journal.withholding import shown_of
from hub.repos.browsing.files.prose import forget_markdown
from hub.repos.git.loans import Busy, is_borrowing, note_that_objects_go, upkeep
from hub.repos.git.moving import move_refs
from hub.repos.git.objects import Unreadable
from hub.repos.git.packing import join_packs
from hub.repos.git.process import GitFailed
from hub.repos.git.refs import RefFiles
from hub.repos.git.removing import find_here, find_reached, list_doomed, remove
from hub.repos.git.store import holding
from hub.repos.loans import make_whole
from hub.repos.models import ZERO_ID, Repository
from hub.repos.pushes import RefUpdate

_log = structlog.get_logger(__name__)

_WAIT_SECONDS: Final = 30.0
# Whoever pushed such an object as a file of theirs has had a day to rewrite their commits.
_GIVEN_UP_AFTER: Final = timedelta(days=1)
# So long it waits for a moment without pushes.
_PATIENCE: Final = timedelta(hours=1)

Stop = Callable[[str], None]


def _go_on(_: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class _Work:
    """What may be left in a repository and those that were made from it, by row, object and kept text."""

    repository_id: int
    row_ids: list[int]
    blob_ids: set[str]
    rendered: set[str]
    forks: list[int]
    since: datetime

    def is_alike(self, body: bytes) -> bool:
        """Whether it holds the words of one of these texts, with whatever salt."""
        return bool(body) and not self.rendered.isdisjoint(shown_of(body))


def purge_all(database: Database) -> None:
    """Removes what is left of all texts that were taken away, but where somebody is in the way."""
    run = database.config.data / "run"
    run.mkdir(parents=True, exist_ok=True, mode=0o700)
    with holding(run, "words.lock", wait_seconds=_WAIT_SECONDS) as is_ours:
        if is_ours:
            purge(database, _list_purgeable(database))


def purge(
    database: Database,
    repository_ids: Sequence[int],
    *,
    stop: Stop = _go_on,
    wait_seconds: float = _WAIT_SECONDS,
) -> list[int]:
    """Removes what is left of texts that were taken away in these repositories.

    Returns those where all is gone; what stands in the way is logged, and is for the next run.
    `stop` is called after each step with its name.
    """
    done = []
    for repository_id in repository_ids:
        work = _find_work(database, repository_id)
        try:
            if not work.row_ids or _purge_one(database, repository_id, work, stop, wait_seconds):
                done.append(work)
        except Unavailable as error:
            _log.info("words_not_purged_yet", repository_id=repository_id, why=error.as_text())
        except (GitFailed, NotFound, OSError, Unreadable) as error:
            _log.error("words_not_purged", repository_id=repository_id, error=str(error))
    return _forget_rows(database, done, stop)


def _list_purgeable(database: Database) -> list[int]:
    with database.reading() as session:
        query = select(JournalLeftover.repository_id).distinct().order_by(JournalLeftover.repository_id)
        return list(session.scalars(query))


def _purge_one(database: Database, repository_id: int, work: _Work, stop: Stop, wait_seconds: float) -> bool:
    path = find_place(database, repository_id)
    if path is None:
        return True
    # Until refs move, they keep the objects.
    export(database, repository_id)
    if not _is_written(database, repository_id, path):
        return False
    _drop_broken_refs(database, repository_id, path, work.blob_ids)
    stop("exported")
    doomed = list_doomed(path, work.blob_ids, work.is_alike) if work.forks else set()
    for fork_id in work.forks:
        _keep_fork_whole(database, fork_id, path, doomed)
    stop("forks looked at")
    is_gone = _remove_from(path, work, stop, wait_seconds)
    for fork_id in work.forks:
        fork_path = find_place(database, fork_id)
        if fork_path is not None and find_here(fork_path, work.blob_ids):
            _remove_from(fork_path, work, stop, wait_seconds)
    stop("objects")
    return is_gone or now() - work.since > _GIVEN_UP_AFTER


def _find_work(database: Database, repository_id: int) -> _Work:
    with database.reading() as session:
        rows = session.scalars(
            select(JournalLeftover).where(JournalLeftover.repository_id == repository_id)
        ).all()
        is_fork = or_(Repository.origin_id == repository_id, Repository.lender_id == repository_id)
        forks = session.scalars(select(Repository.id).where(is_fork).order_by(Repository.id)).all()
    return _Work(
        repository_id=repository_id,
        row_ids=[one.id for one in rows],
        blob_ids={one.blob_id for one in rows},
        rendered={str(digest) for one in rows for digest in one.rendered},
        forks=list(forks),
        since=min((one.since for one in rows), default=now()),
    )


def _is_written(database: Database, repository_id: int, path: Path) -> bool:
    """Whether no commit with such a text stands any more, and none is on its way."""
    with holding_journal(path), database.reading() as session:
        is_it = (JournalTopic.repository_id == repository_id, JournalTopic.needs_rewriting)
        return session.scalar(select(JournalTopic.id).where(*is_it).limit(1)) is None


def _drop_broken_refs(database: Database, repository_id: int, path: Path, blob_ids: set[str]) -> None:
    """Lets go of what was put aside, where it holds such a text."""
    files = RefFiles(path)
    for name in files.list_names(BROKEN_PREFIX.encode()):
        tip = files.get(name)
        if tip is not None and find_reached(path, blob_ids, only=tip):
            ref = name.decode()
            move_refs(path, [RefUpdate(ref, tip, ZERO_ID)])
            with database.writing() as session:
                is_it = (JournalDamage.repository_id == repository_id, JournalDamage.kept_as == ref)
                session.execute(update(JournalDamage).where(*is_it).values(kept_as=""))


def _keep_fork_whole(database: Database, fork_id: int, lender: Path, doomed: set[str]) -> None:
    """Gives a fork copies of all it borrows, where a ref of its own reaches what is to go.

    Somebody pushed it there, as commits of theirs: those stay.
    """
    path = find_place(database, fork_id)
    if path is None or not is_borrowing(path):
        return
    note_that_objects_go(path)
    if find_reached(path, doomed, beyond=RefFiles(lender).read_all().values()):
        make_whole(database, fork_id)


def _remove_from(path: Path, work: _Work, stop: Stop, wait_seconds: float) -> bool:
    # Where pushes never end it begins beside them; each is looked at once more before it counts.
    in_quiet = now() - work.since < _PATIENCE
    try:
        with upkeep(path, wait_seconds=wait_seconds, in_quiet=in_quiet):
            reached = find_reached(path, work.blob_ids)
            if reached:
                # In a branch or a tag it is somebody's file like others, until they rewrite it.
                _log.warning("words_in_commits", path=path.name, objects=sorted(reached))
            doomed = list_doomed(path, work.blob_ids - reached, work.is_alike)
            remove(path, doomed - find_reached(path, doomed), stop=stop)
            join_packs(path)
    except Busy as error:
        raise Unavailable(
            text("%(path)s is busy.", path=path.name), next_step=text("It is tried again in some minutes.")
        ) from error
    return not reached


def _forget_rows(database: Database, done: Sequence[_Work], stop: Stop) -> list[int]:
    """Has pages and the database forget what was, and then that there was something to forget."""
    for one in sorted({digest for work in done for digest in work.rendered}):
        forget_markdown(database.config, one)
    stop("kept")
    row_ids = [row_id for work in done for row_id in work.row_ids]
    if not row_ids:
        return [work.repository_id for work in done]
    if not database.scrub():
        _log.info("words_not_purged_yet", why="the database is busy")
        return []
    stop("scrubbed")
    with database.writing() as session:
        session.execute(delete(JournalLeftover).where(JournalLeftover.id.in_(row_ids)))
    _log.info("words_purged", repositories=sorted(work.repository_id for work in done))
    return [work.repository_id for work in done]
