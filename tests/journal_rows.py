"""What a database says about one repository's journal, with global ids in the place of row ids.

Two databases that hold the same entries say the same, whatever they number their rows. Every column of every
table of the journal's features is there, but those that are listed as local: a new one is compared until
somebody lists it.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from hub.db import Base
from hub.issues import models as issues
from hub.journal import models as journal
from hub.repos.models import Repository
from hub.reviews import models as reviews
from tests import replayed

# By table: every row, as its columns without those that tell rows of one database apart.
Rows = dict[str, list[tuple[Any, ...]]]

MODULES = (journal, issues, reviews)
# What was mended or purged is told where it happened; drafts are nobody else's.
LOCAL_TABLES = {journal.JournalDamage, journal.JournalLeftover, *issues.LOCAL_TABLES, *reviews.LOCAL_TABLES}
LOCAL_COLUMNS = {
    **reviews.LOCAL_COLUMNS,
    journal.Person: replayed.LOCAL_COLUMNS[journal.Person],
    # A rebuilt topic stands as it was found.
    journal.JournalTopic: frozenset({"created_at", "needs_rewriting"}),
}
# What each hub does for itself with entries that all of them hold.
OF_EACH_HUB = {
    journal.JournalTopic: frozenset({"tip"}),
    journal.JournalEntry: frozenset({"receipt_id", "position", "origin_id"}),
}
TABLES_OF_EACH_HUB = {journal.JournalReceipt, journal.JournalOrigin}

# What names a row everywhere.
_GLOBAL: Mapping[type[Base], tuple[str, ...]] = {
    Repository: (),
    journal.Person: ("handle", "hub"),
    journal.JournalTopic: ("topic_id",),
    journal.JournalEntry: ("entry_id",),
    journal.JournalReceipt: ("digest",),
    journal.JournalOrigin: ("digest",),
    issues.Topic: ("journal_id",),
    issues.Thread: ("global_id",),
    issues.Comment: ("global_id",),
    reviews.PatchSet: ("entry_id",),
}
# The row that a row belongs to, where it does not name its repository.
_OWNERS: Mapping[type[Base], str] = {
    journal.JournalEntry: "topic_id",
    journal.JournalHead: "topic_id",
    journal.JournalBody: "entry_id",
    issues.TopicEdit: "topic_id",
    issues.Thread: "topic_id",
    issues.Comment: "topic_id",
    issues.CommentEdit: "comment_id",
    reviews.PatchSet: "topic_id",
    reviews.Review: "topic_id",
    reviews.Verdict: "topic_id",
    reviews.ChangeReviewer: "topic_id",
    reviews.Anchor: "thread_id",
}


@cache
def compared_tables() -> tuple[type[Base], ...]:
    """The tables that are compared, those that others refer to first."""
    names = {one.__name__ for one in MODULES}
    found = {
        mapper.local_table: mapper.class_
        for mapper in Base.registry.mappers
        if mapper.class_.__module__ in names and mapper.class_ not in LOCAL_TABLES
    }
    return tuple(found[table] for table in Base.metadata.sorted_tables if table in found)


def rows_of(session: Session, repository_id: int, *, of_all_hubs: bool = False) -> Rows:
    """Everything about the repository; `of_all_hubs` leaves out what each hub does for itself."""
    said, names = {}, _Names(session, repository_id)
    for kind in compared_tables():
        local = LOCAL_COLUMNS.get(kind, frozenset())
        if of_all_hubs:
            local = local | OF_EACH_HUB.get(kind, frozenset())
        rows = [names.replaced(kind, row, local) for row in names.rows(kind)]
        if not (of_all_hubs and kind in TABLES_OF_EACH_HUB):
            said[kind.__tablename__] = sorted(rows, key=repr)
    return said


class _Names:
    """The rows of one repository, and the global id of each by its row id."""

    def __init__(self, session: Session, repository_id: int) -> None:
        self._session = session
        self._repository_id = repository_id
        self._by_table: dict[str, dict[int, Any]] = {"repositories": {repository_id: "here"}}
        known = session.connection().execute(_select(journal.KnownPerson), {"of_repository": repository_id})
        self._known = {row.person_id for row in known}

    def rows(self, kind: type[Base]) -> Iterator[Mapping[str, Any]]:
        """The rows of the table that are about the repository."""
        table = _table(kind)
        connection, of_repository = self._session.connection(), {"of_repository": self._repository_id}
        found = connection.execute(_select(kind), of_repository).mappings().all()
        owner = _OWNERS.get(kind)
        if kind is not journal.Person and "repository_id" not in table.c:
            assert owner is not None, f"whose are the rows of {table.name}?"
            owners = self._by_table.get(_referred(table, owner), {})
            found = [row for row in found if row[owner] in owners]
        for row in found:
            if "id" in row:
                named = [self._name(table, one, row) for one in _GLOBAL.get(kind, ("id",))]
                self._by_table.setdefault(table.name, {})[row["id"]] = tuple(named)
        if kind is journal.Person:
            # What people are called elsewhere is none of this repository's business.
            found = [row for row in found if row["id"] in self._known]
        yield from found

    def replaced(self, kind: type[Base], row: Mapping[str, Any], local: frozenset[str]) -> tuple[Any, ...]:
        """The row's columns, with names for references to other rows."""
        table = _table(kind)
        return tuple(
            (name, self._name(table, name, row)) for name in row if name != "id" and name not in local
        )

    def _name(self, table: Table, column: str, row: Mapping[str, Any]) -> Any:
        value, referred = row[column], _referred(table, column)
        return value if value is None or not referred else self._by_table[referred][value]


@cache
def _select(kind: type[Base]) -> Any:
    """Put together once: a comparison asks for every table."""
    table = _table(kind)
    query = select(table)
    if "repository_id" in table.c:
        query = query.where(table.c.repository_id == bindparam("of_repository"))
    return query


def _table(kind: type[Base]) -> Table:
    return Base.metadata.tables[kind.__tablename__]


@cache
def _referred(table: Table, column: str) -> str:
    """The table that the column refers to; empty for none."""
    return next((key.column.table.name for key in table.c[column].foreign_keys), "")


def check_equal(one: Rows, other: Rows) -> None:
    """Raises AssertionError, which says what is in one and not in the other."""
    if one == other:
        return
    found = [
        f"{name}: {side} {row}"
        for name in sorted(one.keys() | other.keys())
        for side, here, there in (("only first", one, other), ("only second", other, one))
        for row in here.get(name, [])
        if row not in there.get(name, [])
    ]
    raise AssertionError("\n".join(found))
