"""Background work about requests: forgetting whom they were counted for."""

from hub.db import Database
from hub.jobs import every
from hub.web import budgets


@every(minutes=10)
def forget_budgets(database: Database) -> None:
    """Deletes the counts of minutes that are over."""
    budgets.forget(database)
