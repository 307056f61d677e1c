"""Whatever column of a journal's rows holds something else, the comparison of two hubs says so."""

from collections.abc import Iterator

import pytest
from sqlalchemy import String, cast, func, inspect, literal, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.db import Base
from hub.journal import models as journal
from tests.journal_acts import play, steps_of
from tests.journal_proof import Proof
from tests.journal_rows import LOCAL_COLUMNS, compared_tables, rows_of
from tests.journal_world import JournalHub

pytestmark = pytest.mark.reads

TABLES = [kind for kind in compared_tables() if kind.__module__ == journal.__name__]


@pytest.fixture(scope="module")
def hub() -> Iterator[JournalHub]:
    """One of three hubs, after all agreed: it holds entries, receipts and origins of the others."""
    with Proof.begun() as proof, proof.world() as (world, _):
        play(world, steps_of(3, 30))
        world.gossip()
        yield world.hubs[1]


@pytest.mark.parametrize("kind", TABLES)
def test_every_column_is_compared(hub: JournalHub, kind: type[Base]) -> None:
    local = LOCAL_COLUMNS.get(kind, frozenset()) | {"id"}
    with hub.database.writing() as session:
        before = rows_of(session, hub.repository_id)
        assert before[kind.__tablename__]
        names = {column.name for column in inspect(kind).local_table.columns} - local
        missed = [name for name in sorted(names) if not _is_noticed(session, hub, kind, name, before)]
    assert missed == []


def _is_noticed(session: Session, hub: JournalHub, kind: type[Base], name: str, before: object) -> bool:
    """Whether other values in the column are refused by the database, or found by the comparison."""
    table = inspect(kind).local_table
    column = table.c[name]
    with session.begin_nested() as attempt:
        try:
            if column.type.python_type is bool:
                other = ~column
            elif column.type.python_type is int:
                other = func.coalesce(column, 0) + 1
            else:
                other = func.coalesce(cast(column, String), "") + literal("0")
            session.connection().execute(update(table).values({name: other}))
            return rows_of(session, hub.repository_id) != before
        except (IntegrityError, LookupError, TypeError, ValueError):
            return True
        finally:
            attempt.rollback()
