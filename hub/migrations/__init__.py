"""The shape of the database over time: Alembic scripts, and the function that brings one up to date."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from hub.config import Config
from hub.db import database_url, make_engine

_DIRECTORY: Final = Path(__file__).parent

# Two upgrades at the same moment: the second one waits, then finds nothing to do.
_POSTGRESQL_LOCK: Final = text("SELECT pg_advisory_xact_lock(4857)")


def upgrade(config: Config) -> None:
    """Brings the database up to the newest version, in one transaction; nothing happens where it is."""
    engine = make_engine(database_url(config))
    try:
        with engine.execution_options(writing=True).begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(_POSTGRESQL_LOCK)
            settings = _settings()
            settings.attributes["connection"] = connection
            command.upgrade(settings, "head")
    finally:
        engine.dispose()


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
