"""Tables whose rows are what the state of a topic says: read and written without objects of the session.

A topic has rows in ten tables, and each act reads them all and writes two or three: made into objects they
took most of its time.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import Row, Select, Table, and_, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from hub.db import Base

K = TypeVar("K", bound=Hashable)

# Columns of a row by name. Any: each has the type of its column.
Values = Mapping[str, Any]
# A row of whichever columns the table has.
AnyRow = Row[*tuple[Any, ...]]

OF_TOPIC: Final = "of_topic"


class TopicTable:
    """One such table; its rows belong to a topic by `topic_id`, or as those of `by` do.

    They are read in the order of `order`, and told apart by `key`, or by their only key column.
    """

    def __init__(
        self, kind: type[Base], *, order: Sequence[str] = (), by: tuple[str, type[Base]] | None = None
    ) -> None:
        self.kind = kind
        self.table: Table = Base.metadata.tables[kind.__tablename__]
        self._has_id = "id" in self.table.c
        columns = self.table.c
        if by is None:
            self._select: Select[*tuple[Any, ...]] = select(*columns).where(
                columns["topic_id"] == bindparam(OF_TOPIC)
            )
        else:
            owner = Base.metadata.tables[by[1].__tablename__]
            joined = select(*columns).join(owner, owner.c.id == columns[by[0]])
            self._select = joined.where(owner.c.topic_id == bindparam(OF_TOPIC))
        self._select = self._select.order_by(*(columns[one] for one in order))
        self._insert = insert(self.table)
        if self._has_id:
            self._insert_all = self._insert.returning(columns["id"], sort_by_parameter_order=True)

    def read(self, session: Session, topic_id: int) -> Sequence[AnyRow]:
        """The topic's rows."""
        return session.connection().execute(self._select, {OF_TOPIC: topic_id}).all()

    def write(
        self,
        session: Session,
        there: Mapping[K, AnyRow],
        wanted: Mapping[K, Values],
        *,
        in_order: bool = False,
    ) -> dict[K, int]:
        """Makes the rows be what is wanted: those that differ are changed, missing ones made, others deleted.

        Returns their ids, where the table has some. With `in_order` the ids tell the order of the rows: what
        follows a late one is made anew.
        """
        kept = {key for key in there if key in wanted}
        if in_order:
            kept -= _moved([key for key in there if key in kept], list(wanted))
        is_changed = False
        for key in there:
            if key not in kept:
                session.connection().execute(delete(self.table).where(self._is(there[key])))
                is_changed = True
        for key in kept:
            row, values = there[key]._mapping, wanted[key]
            other = {name: value for name, value in values.items() if row[name] != value}
            if other:
                session.connection().execute(update(self.table).where(self._is(there[key])).values(other))
                is_changed = True
        if is_changed:
            self._forget(session)
        ids = {key: there[key].id for key in kept} if self._has_id else {}
        new = {key: values for key, values in wanted.items() if key not in kept}
        return ids | self._make(session, new)

    def _make(self, session: Session, new: Mapping[K, Values]) -> dict[K, int]:
        if not new:
            return {}
        rows = [dict(values) for values in new.values()]
        if self._has_id:
            made = session.connection().execute(self._insert_all, rows).scalars()
            return dict(zip(new, made, strict=True))
        session.connection().execute(self._insert, rows)
        return {}

    def _is(self, row: AnyRow) -> Any:  # a condition
        return and_(*(column == row._mapping[column.name] for column in self.table.primary_key))

    def _forget(self, session: Session) -> None:
        """Has objects of these rows be read again when they are asked."""
        for one in list(session.identity_map.values()):
            if type(one) is self.kind:
                session.expire(one)


def _moved(stands: Sequence[K], wanted: Sequence[K]) -> set[K]:
    """Which of the rows that stand do not stand where they are wanted."""
    same = next((i for i, key in enumerate(wanted) if i >= len(stands) or stands[i] != key), len(wanted))
    return set(stands[same:])
