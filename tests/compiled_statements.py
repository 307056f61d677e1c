"""What SQLAlchemy puts together to send, put together once for all the databases of a test run."""

from typing import Final

from sqlalchemy import Connection, Dialect, Engine, event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

_compiled: Final[dict[str, LRUCache[object, object]]] = {}


def install() -> None:
    """Has every engine of this process send what another one has put together for the same statement.

    Each test has a database of its own, and with it an engine, which begins with nothing; to put a statement
    together takes longer than to run it on the few rows of a test.
    """
    for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        dialect.__eq__ = _is_same_kind  # type: ignore[method-assign,assignment]  # for the tests' process only
        dialect.__hash__ = _kind  # type: ignore[method-assign]
    event.listen(Engine, "engine_connect", _share)


def _share(connection: Connection) -> None:
    name = connection.dialect.name
    connection.engine._compiled_cache = _compiled.setdefault(name, LRUCache(2000))  # type: ignore[assignment]


def _is_same_kind(dialect: Dialect, other: object) -> bool:
    return type(dialect) is type(other)


def _kind(dialect: Dialect) -> int:
    return hash(type(dialect))
