"""The sweeps that keep the index up with what branches hold."""

from hub.db import Database
from hub.jobs import every
from hub.search.code.moved import list_moved


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
