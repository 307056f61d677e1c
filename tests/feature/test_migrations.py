"""An upgraded empty database is the one that the models describe."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, DateTime, Engine, LargeBinary, String, inspect

from hub import migrations
from hub.app import Hub
from hub.config import from_values
from hub.db import Base, make_engine


def test_upgraded_database_differs_in_nothing_that_alembic_compares(hub: Hub) -> None:
    with hub.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_upgraded_database_has_the_constraints_that_the_models_create(hub: Hub) -> None:
    upgraded = _describe(hub.database.engine)
    with hub.database.engine.begin() as connection:
        Base.metadata.drop_all(connection)
        Base.metadata.create_all(connection)
    assert upgraded == _describe(hub.database.engine)


def test_upgrade_of_an_upgraded_database_changes_nothing(hub: Hub) -> None:
    before = _describe(hub.database.engine)
    migrations.upgrade(hub.config)
    assert _describe(hub.database.engine) == before
    assert migrations.find_version(hub.database.engine) == migrations.newest_version()


def test_upgrade_keeps_the_rows_of_a_hub_that_was_used(tmp_path: Path) -> None:
    """A table that was made anew in SQLite took the rows with it that refer to it: whole journals."""
    config = from_values({"data": str(tmp_path)})
    migrations.upgrade(config, "0007")
    engine = make_engine(f"sqlite:///{tmp_path}/hub.sqlite")
    tables = ("principals", "users", "repositories", "people", "journal_topics", "journal_entries")
    used = (*tables, "journal_bodies", "topics", "changes", "comments", "threads", "known_people")
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for table in used:
            _insert(connection, table)
    migrations.upgrade(config)
    with engine.connect() as connection:
        counts = [connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() for table in used]
    engine.dispose()
    assert counts == [1] * len(used)


def _insert(connection: Connection, table: str) -> None:
    """One row, number 1, which refers to the first row of each other table."""
    values: dict[str, object] = {}
    references = {one["constrained_columns"][0] for one in inspect(connection).get_foreign_keys(table)}
    for column in inspect(connection).get_columns(table):
        if column["nullable"]:
            continue
        is_text = isinstance(column["type"], String | LargeBinary)
        values[column["name"]] = 1 if column["name"] in references else "1" if is_text else 1
        if isinstance(column["type"], DateTime):
            values[column["name"]] = "2026-01-01 00:00:00.000000"
    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    connection.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))


def test_two_upgrades_at_once_both_succeed(tmp_path: Path) -> None:
    config = from_values({"data": str(tmp_path)})
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(migrations.upgrade, [config, config]))
    engine = make_engine(f"sqlite:///{tmp_path}/hub.sqlite")
    assert migrations.find_version(engine) == migrations.newest_version() == "0020"
    engine.dispose()


def test_version_of_an_empty_database_is_none(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/hub.sqlite")
    assert migrations.find_version(engine) is None
    engine.dispose()


def _describe(engine: Engine) -> dict[str, list[str]]:
    """Every table with its columns, keys, constraints and indexes, as sorted text."""
    inspector = inspect(engine)
    ask: tuple[Callable[[str], list[Any]], ...] = (  # each kind of thing is described by a dict of its own
        lambda table: [inspector.get_pk_constraint(table)],
        inspector.get_columns,
        inspector.get_foreign_keys,
        inspector.get_unique_constraints,
        inspector.get_check_constraints,
        lambda table: [_in_words(one) for one in inspector.get_indexes(table)],
    )
    return {
        table: sorted(str(sorted(one.items(), key=str)) for get in ask for one in get(table))
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def _in_words(index: Any) -> dict[str, Any]:  # a kind of dict that the inspector defines
    """The index with its condition as text instead of an object."""
    return {
        **index,
        "dialect_options": {name: str(value) for name, value in index["dialect_options"].items()},
    }
