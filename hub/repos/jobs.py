"""What follows when refs moved, and the sweeps over repositories."""

from contextlib import suppress
from pathlib import Path
from typing import Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from hub.clock import now
from hub.db import Database, config_of
from hub.errors import NotFound, Unavailable
from hub.events import ImportWanted, LoanToEnd, RefsUpdated, on
from hub.jobs import enqueue, every, job
from hub.kept import kept_in
from hub.repos import receive
from hub.repos.browsing.files.preparing import prepare_reading
from hub.repos.browsing.refs.distances import count_noted
from hub.repos.git.reachable_ids import bring_up_to_date, take_note
from hub.repos.git.refs import RefFiles, take_journal, take_snapshot
from hub.repos.git.store import (
    directory,
    journal_ids_file,
    place,
    reachable_ids_file,
    set_head,
    size_bytes,
)
from hub.repos.imports.import_run import end_dead, run_import
from hub.repos.loans import make_whole
from hub.repos.maintenance import maintain, maintain_due
from hub.repos.models import ZERO_ID, Repository
from hub.repos.names import BRANCHES
from hub.repos.purging import purge_deleted, remove_leftovers
from hub.repos.pushing.recording import RECONCILER, REPOSITORIES
from hub.repos.ref_rules import follow_default

_WALK_SECONDS: Final = 3600.0
# Of several branches that arrive at once, one with a usual name is the default, else the first.
_USUAL: Final = ("refs/heads/main", "refs/heads/master")

# Each push waits for these two.
_IS_PUSHED: Final = REPOSITORIES.c.id == bindparam("pushed_id")
_PLACE: Final = select(REPOSITORIES.c.storage, REPOSITORIES.c.default_branch).where(_IS_PUSHED)
_NOTE: Final = update(REPOSITORIES).where(_IS_PUSHED).values(pushed_at=bindparam("at"))


@on(RefsUpdated)
def note_push(session: Session, event: RefsUpdated) -> None:
    """Notes when the repository was last pushed to, and makes its first branch the default one."""
    storage, default = session.execute(_PLACE, {"pushed_id": event.repository_id}).one()
    path = place(config_of(session), storage, event.repository_id)
    chosen = _choose_default_branch(path, default, event)
    if chosen is not None:
        # The queue is held. A transaction that fails after this is made up for by the next record of the
        # same intent, which points HEAD there again.
        set_head(path, BRANCHES + chosen)
        is_it = REPOSITORIES.c.id == event.repository_id
        session.execute(update(REPOSITORIES).where(is_it).values(default_branch=chosen))
        follow_default(session, event.repository_id, old=default, new=chosen)
    # A deploy key pushes, too, and is no person; what the reconciler finds was pushed before.
    if event.push_id != RECONCILER:
        session.execute(_NOTE, {"pushed_id": event.repository_id, "at": now()})


def _choose_default_branch(path: Path, default: str, event: RefsUpdated) -> str | None:
    """The branch to take for the default one, where all there are were just made; else None."""
    files = RefFiles(path)
    if files.get(BRANCHES + default) is not None:
        return None
    created = [one.name for one in event.refs if one.name.startswith(BRANCHES) and one.old_id == ZERO_ID]
    others = set(files.list_names(BRANCHES.encode())) - {name.encode() for name in created}
    if not created or others:
        return None
    return next((one for one in _USUAL if one in created), created[0]).removeprefix(BRANCHES)


@every(60)
def measure_sizes(database: Database) -> None:
    """Adds up what each repository takes on disk; between two sweeps each push adds its pack."""
    with database.reading() as session:
        repositories = session.scalars(select(Repository).order_by(Repository.id)).all()
        places = [(one.id, one.size_bytes, directory(database.config, one)) for one in repositories]
    for repository_id, known, path in places:
        measured = size_bytes(path)
        if measured != known:
            with database.writing() as session:
                is_it = Repository.id == repository_id
                session.execute(update(Repository).where(is_it).values(size_bytes=measured))


@on(LoanToEnd)
def begin_copying(session: Session, event: LoanToEnd) -> None:
    """Has the worker do it."""
    enqueue(session, copy_borrowed_objects, event.repository_id)


@job
def copy_borrowed_objects(database: Database, repository_id: int) -> None:
    """Ends the loan of a fork, if it still has one."""
    with suppress(NotFound, Unavailable):  # gone meanwhile, or busy: whoever wanted it asks again
        make_whole(database, repository_id)


@on(ImportWanted)
def begin_import(session: Session, event: ImportWanted) -> None:
    """Has the worker do it."""
    enqueue(session, do_import, event.repository_id)


@job
def do_import(database: Database, repository_id: int) -> None:
    """Imports what waits in the repository, and prepares it for its first clones and readers."""
    if run_import(database, repository_id):
        with suppress(NotFound, Unavailable):  # the next sweep finds it
            maintain(database, repository_id)
        with database.writing() as session:
            enqueue(session, prepare_reading, repository_id)


@every(1)
def resume_imports(database: Database) -> None:
    """Ends imports that a crash cut off, and does those that found no place."""
    for repository_id in end_dead(database):
        do_import.function(database, repository_id)


@every(10)
def maintain_repositories(database: Database) -> None:
    """Repacks what many pushes left in pieces."""
    maintain_due(database)


@every(60)
def purge(database: Database) -> None:
    """Removes what was deleted long ago, and what belongs to nothing."""
    purge_deleted(database)
    remove_leftovers(database)


@every(1)
def find_reachable_objects(database: Database) -> None:
    """Makes the lists of reachable objects for which somebody who fetched could not wait."""
    with database.reading() as session:
        repositories = session.scalars(select(Repository).order_by(Repository.id)).all()
        wanted = ((take_snapshot, reachable_ids_file), (take_journal, journal_ids_file))
        places = [
            (directory(database.config, one), take, file(database.config, one))
            for one in repositories
            for take, file in wanted
        ]
    for path, take, ids_file in places:
        if take_note(ids_file):
            bring_up_to_date(path, ids_file, take(path), timeout_seconds=_WALK_SECONDS)


@every(1)
def count_distances(database: Database) -> None:
    """Counts how far branches are from the default one, where a page had no time to."""
    count_noted(database)


@every(1)
def reconcile_repositories(database: Database) -> None:
    """Puts right what a crash left, and records refs that nobody recorded."""
    receive.reconcile_all(database)


@every(60)
def trim_kept(database: Database) -> None:
    """Removes what pages computed and nobody has looked at for the longest time."""
    kept_in(database.config).trim(database.config.kept_bytes)
