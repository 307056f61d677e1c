"""What follows when refs moved, and the sweeps over repositories."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.clock import now
from hub.db import Database, config_of
from hub.events import RefsUpdated, on
from hub.jobs import enqueue, every, job
from hub.repos import receive
from hub.repos.git.reachable_ids import bring_up_to_date, take_note
from hub.repos.git.refs import RefFiles, take_snapshot
from hub.repos.git.store import directory, reachable_ids_file, set_head, size_bytes
from hub.repos.models import ZERO_ID, Repository
from hub.repos.names import BRANCHES

_WALK_SECONDS: Final = 3600.0
# Of several branches that arrive at once, one with a usual name is the default, else the first.
_USUAL: Final = ("refs/heads/main", "refs/heads/master")


@on(RefsUpdated)
def note_push(session: Session, event: RefsUpdated) -> None:
    """Notes when the repository was last pushed to, and makes its first branch the default one."""
    repository = session.get_one(Repository, event.repository_id)
    if event.user_id is not None:
        repository.pushed_at = now()
    _choose_default_branch(session, repository, event)
    session.flush()
    enqueue(session, measure_size, event.repository_id)


def _choose_default_branch(session: Session, repository: Repository, event: RefsUpdated) -> None:
    path = directory(config_of(session), repository)
    files = RefFiles(path)
    if files.get(BRANCHES + repository.default_branch) is not None:
        return
    created = [one.name for one in event.refs if one.name.startswith(BRANCHES) and one.old_id == ZERO_ID]
    others = set(files.list_names(BRANCHES.encode())) - {name.encode() for name in created}
    if not created or others:
        return
    chosen = next((one for one in _USUAL if one in created), created[0])
    # The queue is held. A transaction that fails after this is made up for by the next record of the same
    # intent, which points HEAD there again.
    set_head(path, chosen)
    repository.default_branch = chosen.removeprefix(BRANCHES)


@job
def measure_size(database: Database, repository_id: int) -> None:
    """Adds up what the repository takes on disk."""
    with database.reading() as session:
        repository = session.get(Repository, repository_id)
        path = None if repository is None else directory(database.config, repository)
    if path is None:
        return
    size = size_bytes(path)
    with database.writing() as session:
        again = session.get(Repository, repository_id)
        if again is not None:
            again.size_bytes = size


@every(1)
def find_reachable_objects(database: Database) -> None:
    """Makes the lists of reachable objects for which somebody who fetched could not wait."""
    with database.reading() as session:
        repositories = session.scalars(select(Repository).order_by(Repository.id)).all()
        places = [
            (directory(database.config, one), reachable_ids_file(database.config, one))
            for one in repositories
        ]
    for path, ids_file in places:
        if take_note(ids_file):
            bring_up_to_date(path, ids_file, take_snapshot(path), timeout_seconds=_WALK_SECONDS)


@every(1)
def reconcile_repositories(database: Database) -> None:
    """Puts right what a crash left, and records refs that nobody recorded."""
    receive.reconcile_all(database)
