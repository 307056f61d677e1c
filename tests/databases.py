"""Migrated databases for tests: made once per process, then copied or lent, on SQLite and on PostgreSQL."""

import itertools
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Self

import pytest
from sqlalchemy import URL, Connection, create_engine, make_url, text

from hub import migrations
from hub.config import from_values
from hub.db import Base

# How many tables, indexes, sequences and triggers there are, and the number of the youngest.
Schema = tuple[int, ...]
_SCHEMA = text(
    "SELECT (SELECT max(oid::bigint) FROM pg_class), (SELECT count(*) FROM pg_class),"
    " (SELECT max(oid::bigint) FROM pg_trigger), (SELECT count(*) FROM pg_trigger)"
)
_END_OTHERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_RESTART_NUMBERS = text("SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'")

SQLITE = "sqlite"
FILE = "hub.sqlite"
POSTGRESQL = "postgresql"


def postgresql_url() -> str:
    """Where tests may make databases; empty when there is no such server."""
    given = os.environ.get("HUB_DATABASE_URL", "")
    return given if given.startswith("postgresql") else ""


def kinds() -> list[str]:
    """The kinds of database that writing tests run on."""
    return [SQLITE, POSTGRESQL] if postgresql_url() else [SQLITE]


def middle_values(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """The tests on PostgreSQL but for those with the first and the last value of each function.

    Where a test is marked `each_value`, PostgreSQL gets all of them.
    """
    by_function: dict[str, list[pytest.Function]] = {}
    for one in items:
        if isinstance(one, pytest.Function) and hasattr(one, "callspec"):
            is_on_it = one.callspec.params.get("database_kind") == POSTGRESQL
            if is_on_it and not one.get_closest_marker("each_value"):
                by_function.setdefault(one.nodeid.partition("[")[0], []).append(one)
    for values in by_function.values():
        values.sort(key=lambda one: sorted(one.callspec.indices.items()))
        yield from values[1:-1]


def server_version(url: str) -> str:
    """What the server calls itself, such as "PostgreSQL 15.10"."""
    engine = create_engine(url)
    with engine.connect() as connection:
        version = str(connection.scalar(text("SHOW server_version")))
    engine.dispose()
    return f"PostgreSQL {version}"


@dataclass(frozen=True)
class SqliteTemplate:
    """A file that is copied beside each test's data."""

    file: Path

    @classmethod
    def migrated(cls, directory: Path) -> Self:
        """An empty database of the newest version, made in that folder."""
        migrations.upgrade(from_values({"data": str(directory)}))
        return cls(directory / FILE)

    def copy_to(self, data: Path) -> str:
        """Puts a copy into the data folder; returns the value of `database_url`, which is empty."""
        shutil.copyfile(self.file, data / FILE)
        return ""

    def lend(self, data: Path) -> str:
        """A copy for one test."""
        return self.copy_to(data)

    def take_back(self, url: str) -> None:
        """Leaves the file to the folder's owner."""

    def of_copy(self, data: Path, url: str) -> Self:
        """What a copy holds by now, to be copied in turn; nobody may have it open."""
        return replace(self, file=data / FILE)

    def drop(self, url: str) -> None:
        """Leaves the file to the folder's owner."""

    def close(self) -> None:
        """Leaves every file to its folder's owner."""


@dataclass(frozen=True)
class PostgresqlTemplate:
    """A database that the server copies; what was copied is dropped at the end."""

    server: str
    name: str
    numbers: Iterator[int]
    made: list[str]
    lent: dict[str, Schema] = field(default_factory=dict)
    idle: list[str] = field(default_factory=list)
    kept: dict[str, Connection] = field(default_factory=dict)

    @classmethod
    def migrated(cls, server: str) -> Self:
        """An empty database of the newest version, made on that server."""
        template = cls(server, f"hub_test_{os.getpid()}", itertools.count(1), [])
        template._execute(f"DROP DATABASE IF EXISTS {template.name}", f"CREATE DATABASE {template.name}")
        template.made.append(template.name)
        migrations.upgrade(from_values({"data": ".", "database_url": template._url(template.name)}))
        return template

    def copy_to(self, data: Path) -> str:
        """Makes a copy; returns the value of `database_url` for it."""
        copy = f"{self.made[0]}_{next(self.numbers)}"
        self._execute(f"DROP DATABASE IF EXISTS {copy} WITH (FORCE)")
        self._execute(f"CREATE DATABASE {copy} TEMPLATE {self.name} STRATEGY FILE_COPY")
        self.made.append(copy)
        return self._url(copy)

    def lend(self, data: Path) -> str:
        """A copy for one test: one that another test gave back, where there is one."""
        if self.idle:
            return self.idle.pop()
        url = self.copy_to(data)
        # Kept, with what the server has learned about the tables: to connect takes longer than to empty.
        self.kept[url] = create_engine(url, isolation_level="AUTOCOMMIT").connect()
        self.lent[url] = _schema(self.kept[url])
        return url

    def take_back(self, url: str) -> None:
        """Empties a lent copy for the next test, which takes a tenth of the time of a new one.

        One whose tables or triggers are not those that it was lent with is dropped.
        """
        connection = self.kept[url]
        connection.execute(_END_OTHERS)
        connection.exec_driver_sql(_delete_everything())
        connection.execute(_RESTART_NUMBERS)
        if _schema(connection) == self.lent[url]:
            self.idle.append(url)
        else:
            self.drop(url)

    def of_copy(self, data: Path, url: str) -> Self:
        """What a copy holds by now, to be copied in turn; nobody may be connected to it."""
        return replace(self, name=str(make_url(url).database))

    def drop(self, url: str) -> None:
        """Ends one copy at once."""
        self._let_go(url)
        name = make_url(url).database
        if name in self.made:
            self.made.remove(name)
            self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def close(self) -> None:
        """Drops every copy and what was migrated."""
        for url in list(self.kept):
            self._let_go(url)
        for name in reversed(self.made):
            self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _let_go(self, url: str) -> None:
        if url in self.kept:
            connection = self.kept.pop(url)
            connection.close()
            connection.engine.dispose()

    def _url(self, name: str) -> str:
        url: URL = make_url(self.server).set(database=name)
        return url.render_as_string(hide_password=False)

    def _execute(self, *statements: str) -> None:
        engine = create_engine(self.server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()


@cache
def _delete_everything() -> str:
    """Empties all tables, in one statement to the server."""
    return "; ".join(f'DELETE FROM "{table.name}"' for table in reversed(Base.metadata.sorted_tables))


def _schema(connection: Connection) -> Schema:
    return tuple(connection.execute(_SCHEMA).one())


Template = SqliteTemplate | PostgresqlTemplate
