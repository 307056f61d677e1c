"""Migrated databases for tests: made once per process, then copied, on SQLite and on PostgreSQL."""

import itertools
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, create_engine, make_url, text

from hub import migrations
from hub.config import from_values

SQLITE = "sqlite"
POSTGRESQL = "postgresql"


def postgresql_url() -> str:
    """Where tests may make databases; empty when there is no such server."""
    given = os.environ.get("HUB_DATABASE_URL", "")
    return given if given.startswith("postgresql") else ""


def kinds() -> list[str]:
    """The kinds of database that writing tests run on."""
    return [SQLITE, POSTGRESQL] if postgresql_url() else [SQLITE]


def server_version(url: str) -> str:
    """What the server calls itself, such as "PostgreSQL 15.10"."""
    engine = create_engine(url)
    with engine.connect() as connection:
        version = str(connection.scalar(text("SHOW server_version")))
    engine.dispose()
    return f"PostgreSQL {version}"


class SqliteTemplate:
    """A migrated file that is copied beside each test's data."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "hub.sqlite"
        migrations.upgrade(from_values({"data": str(directory)}))

    def copy_to(self, data: Path) -> str:
        """Puts a copy into the data folder; returns the value of `database_url`, which is empty."""
        shutil.copyfile(self._file, data / "hub.sqlite")
        return ""

    def close(self) -> None:
        """Leaves the file to the folder's owner."""


@dataclass
class PostgresqlTemplate:
    """A migrated database that the server copies; what was copied is dropped at the end."""

    server: str
    name: str = field(default_factory=lambda: f"hub_test_{os.getpid()}")

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._made: list[str] = []
        self._execute(f"DROP DATABASE IF EXISTS {self.name}", f"CREATE DATABASE {self.name}")
        self._made.append(self.name)
        migrations.upgrade(from_values({"data": ".", "database_url": self._url(self.name)}))

    def copy_to(self, data: Path) -> str:
        """Makes a copy; returns the value of `database_url` for it."""
        copy = f"{self.name}_{next(self._numbers)}"
        self._execute(f"DROP DATABASE IF EXISTS {copy} WITH (FORCE)")
        self._execute(f"CREATE DATABASE {copy} TEMPLATE {self.name} STRATEGY FILE_COPY")
        self._made.append(copy)
        return self._url(copy)

    def drop(self, url: str) -> None:
        """Ends one copy at once."""
        name = make_url(url).database
        if name in self._made:
            self._made.remove(name)
            self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def close(self) -> None:
        """Drops every copy and the template."""
        for name in reversed(self._made):
            self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _url(self, name: str) -> str:
        url: URL = make_url(self.server).set(database=name)
        return url.render_as_string(hide_password=False)

    def _execute(self, *statements: str) -> None:
        engine = create_engine(self.server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()


Template = SqliteTemplate | PostgresqlTemplate
