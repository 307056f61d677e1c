"""What the index hears of: refs that move; and the sweeps over it."""

from sqlalchemy.orm import Session

from hub.db import Database
from hub.events import RefsUpdated, on
from hub.jobs import enqueue, every, job
from hub.search import waiting


@on(RefsUpdated)
def note_push(session: Session, event: RefsUpdated) -> None:
    """Has the worker look at branches that are searched and moved."""
    if waiting.note_moved(session, event.repository_id, [one.name for one in event.refs]):
        enqueue(session, index_waiting)


@job
def index_waiting(database: Database) -> None:
    """Brings the index up to every branch that waits."""
    # Whoosh and numpy are for who indexes and who searches, not for each process that knows this job.
    from hub.search import keeping_up  # noqa: PLC0415

    keeping_up.index_waiting(database)


@every(1)
def index_missed(database: Database) -> None:
    """Finds branches that the index never saw or missed, and brings it up to them."""
    waiting.note_missed(database)
    index_waiting.function(database)


@every(60)
def drop_unused(database: Database) -> None:
    """Removes what no branch shows any more."""
    from hub.search import keeping_up  # noqa: PLC0415

    keeping_up.drop_what_nobody_shows(database)
