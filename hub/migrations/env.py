"""What Alembic runs: on the connection that `upgrade` opened, else on the configured database."""

from alembic import context
from sqlalchemy.engine import Connection

import hub.accounts.models
import hub.journal.models
import hub.repos.models
import hub.search.models  # noqa: F401  # every model must be known to Base.metadata
from hub.config import load
from hub.db import Base, database_url, make_engine


def _run(connection: Connection) -> None:
    # SQLite's changes of shape are as transactional as PostgreSQL's where the driver does not interfere.
    context.configure(connection=connection, target_metadata=Base.metadata, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


def _run_configured() -> None:
    engine = make_engine(database_url(load()))
    with engine.execution_options(writing=True).begin() as connection:
        _run(connection)


_given: Connection | None = context.config.attributes.get("connection")
if _given is None:
    _run_configured()
else:
    _run(_given)
