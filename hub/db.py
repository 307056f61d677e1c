"""The database: base class, types, engines and the two ways to open a session."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Integer,
    MetaData,
    create_engine,
    event,
    func,
    or_,
)
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from hub.config import Config

BUSY_SECONDS: Final = 5.0

# The id of rows that become many. SQLite numbers rows by itself only in a column that is exactly INTEGER.
SEQUENCE: Final = BigInteger().with_variant(Integer, "sqlite")

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, aware and in UTC on the Python side, whatever the database keeps."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment in UTC; a naive one is a defect of the caller."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a datetime without a time zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment with its zone, which SQLite does not keep."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def text_enum(kind: type[StrEnum]) -> Enum:
    """A column type that keeps the values of a closed set as text."""
    return Enum(
        kind, native_enum=False, length=32, values_callable=lambda members: [one.value for one in members]
    )


class Base(DeclarativeBase):
    """The base of every model."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime}


class Sender(Protocol):
    """Where background work goes once the transaction that asked for it is committed."""

    def send(self, name: str, arguments: tuple[int | str, ...]) -> None:
        """Hands over one job by its name."""


def database_url(config: Config) -> str:
    """The configured address, or SQLite in the data folder."""
    return config.database_url or f"sqlite:///{config.data / 'hub.sqlite'}"


def make_engine(url: str) -> Engine:
    """An engine whose SQLite connections are durable, checked and explicit about their transactions."""
    if url.startswith("sqlite"):
        # Errors are logged, and what people write does not belong into logs.
        arguments = {"timeout": BUSY_SECONDS, "check_same_thread": False}
        engine = create_engine(url, connect_args=arguments, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(url, pool_size=5, max_overflow=10, pool_pre_ping=True, hide_parameters=True)


def _prepare_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    # The driver would begin transactions by itself, and DEFERRED ones; `_begin_sqlite` does instead.
    connection.isolation_level = None
    # What is deleted or taken away is overwritten; `Database.scrub` finds what that leaves out.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A read that turns into a write fails at once, whatever the busy timeout: writers begin as writers.
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def holds_word(
    column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None], word: str
) -> ColumnElement[bool]:
    """Whether the word stands in a column of text, in whichever case."""
    # SQLite lowers ASCII only: of other letters the usual ways to write a word are looked for.
    lowered = func.lower(column).contains(word.lower(), autoescape=True)
    written = sorted({word, word.lower(), word.capitalize(), word.upper()})
    return or_(lowered, *(column.contains(one, autoescape=True) for one in written))


class Database:
    """The sessions of one hub. Made once per process; `dispose` before forking."""

    def __init__(self, config: Config, sender: Sender | None = None) -> None:
        self.config = config
        self.engine = make_engine(database_url(config))
        info: dict[str, Any] = {"config": config, "sender": sender}  # a session's notes are of any type
        self.reader = sessionmaker(self.engine, info={**info, "writing": False}, autoflush=False)
        writing = self.engine.execution_options(writing=True)
        self.writer = sessionmaker(writing, info={**info, "writing": True}, autoflush=False)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads; whatever it changed is rolled back."""
        with self.reader() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session in one writing transaction: committed at the end, rolled back by an error."""
        with self.writer() as session:
            try:
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise
            send_enqueued(session)

    def scrub(self) -> bool:
        """Has nothing be left in SQLite's files of what was deleted or overwritten; False while it is busy.

        Other databases see to that themselves (in PostgreSQL: vacuum). Writes the file anew, a second for
        each 200 MB; writers wait.
        """
        if self.engine.dialect.name != "sqlite":
            return True
        # Overwriting leaves copies of rows that moved from page to page: two of 604 in a test.
        connection = self.engine.raw_connection()
        try:
            connection.cursor().execute("VACUUM")
            is_busy, *_ = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError:
            return False
        finally:
            connection.close()
        return not is_busy

    def dispose(self) -> None:
        """Closes every connection, so that a fork or a copy of the file is safe."""
        self.engine.dispose()


def config_of(session: Session) -> Config:
    """The configuration that the session's hub runs with."""
    config = session.info["config"]
    assert isinstance(config, Config)
    return config


def commit_so_far(session: Session) -> None:
    """Commits what the session holds and lets go of its locks; what follows is a new transaction.

    For effects outside of the database that must find their announcement committed: moving refs.
    """
    session.commit()


def send_enqueued(session: Session) -> None:
    """Hands over the jobs enqueued in the transaction that was just committed; see `hub.jobs`."""
    sender: Sender | None = session.info.get("sender")
    for name, arguments in session.info.pop("enqueued", []):
        if sender is not None:
            sender.send(name, arguments)
