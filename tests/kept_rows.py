"""The rows of a database at some moment, to be put into an empty one of the same kind."""

from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Table
from sqlalchemy.orm import Session

from hub.db import Base, Database


@dataclass(frozen=True, slots=True)
class KeptRows:
    """What each table that is not empty holds, as its database gives it: nothing is read and written anew."""

    tables: dict[Table, Any]

    @classmethod
    def of(cls, database: Database) -> Self:
        """All rows there are."""
        with database.reading() as session:
            read = _read_from_sqlite if _is_sqlite(session) else _read_from_postgresql
            found = {table: read(_driver(session), table) for table in Base.metadata.sorted_tables}
            return cls({table: rows for table, rows in found.items() if rows})

    def put_into(self, database: Database) -> None:
        """Adds them, and has new rows be numbered from there on."""
        with database.writing() as session:
            write = _write_to_sqlite if _is_sqlite(session) else _write_to_postgresql
            for table, rows in self.tables.items():
                write(_driver(session), table, rows)


def _is_sqlite(session: Session) -> bool:
    return session.connection().dialect.name == "sqlite"


def _driver(session: Session) -> Any:
    return session.connection().connection.driver_connection


def _read_from_sqlite(driver: Any, table: Table) -> list[tuple[Any, ...]]:
    return list(driver.execute(f'SELECT * FROM "{table.name}"'))


def _write_to_sqlite(driver: Any, table: Table, rows: list[tuple[Any, ...]]) -> None:
    places = ", ".join("?" * len(rows[0]))
    driver.executemany(f'INSERT INTO "{table.name}" VALUES ({places})', rows)


def _read_from_postgresql(driver: Any, table: Table) -> bytes:
    with driver.cursor().copy(f'COPY "{table.name}" TO STDOUT') as copy:
        return b"".join(copy)


def _write_to_postgresql(driver: Any, table: Table, rows: bytes) -> None:
    with driver.cursor().copy(f'COPY "{table.name}" FROM STDIN') as copy:
        copy.write(rows)
    if "id" in table.columns:
        newest = f'(SELECT max(id) FROM "{table.name}")'
        driver.execute(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {newest})")
