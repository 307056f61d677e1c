"""The sweeps that keep the index up with what branches hold, and what search does when somebody leaves."""

from sqlalchemy.orm import Session

from hub.db import Database
from hub.events import PersonDeleted, on
from hub.jobs import every
from hub.search.code.moved import list_moved
from hub.search.saved.actions import forget_searches


@on(PersonDeleted)
def forget_person(session: Session, event: PersonDeleted) -> None:
    """Deletes the searches that the person saved: nobody else has a use for them."""
    forget_searches(session, event.user_id)


@every(1)
def index_moved(database: Database) -> None:
    """Finds branches that are not what the index saw of them, and brings it up to them."""
    with database.reading() as session:
        moved = list_moved(session, database.config)
    if moved:
        # Whoosh and numpy are for who indexes and who searches, and cost what else there is to do twice over.
        from hub.search.code import keeping_up  # noqa: PLC0415

        keeping_up.index_moved(database)


@every(60)
def drop_unused(database: Database) -> None:
    """Removes what no branch shows any more."""
    from hub.search.code import keeping_up  # noqa: PLC0415

    keeping_up.drop_what_nobody_shows(database)
