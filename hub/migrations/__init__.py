"""The shape of the database over time: Alembic scripts, and the function that brings one up to date."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from hub.config import Config
from hub.db import database_url, make_engine

_DIRECTORY: Final = Path(__file__).parent

# Two upgrades at the same moment: the second one waits, then finds nothing to do.
_POSTGRESQL_LOCK: Final = text("SELECT pg_advisory_xact_lock(4857)")


def upgrade(config: Config, version: str = "head") -> None:
    """Brings the database up to that version, in one transaction; nothing happens where it is."""
    engine = make_engine(database_url(config))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _let_go_of_references)
    try:
        with engine.execution_options(writing=True).begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(_POSTGRESQL_LOCK)
            settings = _settings()
            settings.attributes["connection"] = connection
            command.upgrade(settings, version)
            if engine.dialect.name == "sqlite":
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                assert not broken, f"rows refer to what is not there: {broken[:5]}"
    finally:
        engine.dispose()


def _let_go_of_references(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # SQLite gives a table another shape by making it anew. To drop the old one deletes, row by row, whatever
    # refers to it, unless references are let go of before the transaction (sqlite.org/lang_altertable.html).
    connection.cursor().execute("PRAGMA foreign_keys=OFF")


def newest_version() -> str:
    """The version that this hub's code works with."""
    newest = ScriptDirectory.from_config(_settings()).get_current_head()
    assert newest is not None, "there is at least one migration"
    return newest


def find_version(engine: Engine) -> str | None:
    """The version a database is at; None for one that was never migrated."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _settings() -> AlembicConfig:
    return AlembicConfig(str(_DIRECTORY / "alembic.ini"))
