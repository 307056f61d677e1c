"""Finds for somebody what people wrote: words by the index, and what is true of it by the database.

Whatever the index says is asked of rows again: what is gone, or may not be seen any more, is not found.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Select, any_, func, literal, select
from sqlalchemy.orm import Session

from hub.config import Config
from hub.search.engine.damage import IndexDamaged, reading
from hub.search.words.documents import DocumentKind
from hub.search.words.index import WordIndex
from hub.search.words.kind import NEWEST, RELEVANCE, Asked, Kind, Name, Order, RowSet
from hub.search.words.marks import index_folder, note_damage
from hub.search.words.queries import WordQuery
from hub.search.words.ranking import Found, Shown, search

Conditions = Mapping[DocumentKind, Sequence[ColumnElement[bool]]]

PAGE_SIZE: Final = 20
MOST_PAGES: Final = 50

# So many of the best are asked of the rows, and so many are counted.
MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A page of what was found. `total` is that of all pages, at least where it is not `is_exact`."""

    names: tuple[Name, ...]
    total: int
    is_exact: bool
    has_more: bool


@dataclass(frozen=True, slots=True)
class _Row:
    """A row that holds: its name and what it is sorted by."""

    name: Name
    key: Any  # of whichever type the column has


class WordSearch:
    """The search of one process: the index as it was committed last."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._index = WordIndex(index_folder(config))

    def find(
        self, asked: Asked, kind: Kind, query: WordQuery, *, order: str = "", page: int = 1, most: int = MOST
    ) -> FoundPage:
        """A page, counted from 1; raises Misunderstood for an operator's value that is none.

        So many `most` of the best are asked of the rows, and so many are counted.
        """
        chosen = kind.orders[order or (RELEVANCE if query.alternatives else NEWEST)]
        if not query.alternatives:
            return _page(*_select(asked, kind, query, chosen, most), page)
        # What operators cannot mean is said before anything is looked for.
        conditions = {one.document: _conditions(asked, kind, query, one) for one in kind.rows}
        found = self._search(query, kind.shown(asked.session, asked.viewer, kind))
        if query.filters or chosen.column not in (None, "at"):
            rows = _narrow(asked, kind, conditions, chosen, found, most=most)
            return _page(rows, len(rows), len(found.rows) <= most and not found.is_cut, page)
        # The index knows the order, and nothing but what is gone is left out: no more is asked than is shown.
        some = min(len(found.rows), PAGE_SIZE * MOST_PAGES)
        rows = _narrow(asked, kind, conditions, chosen, found, most=some)
        return _page(rows, len(found.rows) - some + len(rows), not found.is_cut, page)

    def close(self) -> None:
        """Lets go of every file."""
        self._index.close()

    def _search(self, query: WordQuery, shown: Shown) -> Found:
        segments = self._index.segments()
        try:
            with reading():
                return search(segments, query.alternatives, shown)
        except IndexDamaged:
            note_damage(self._config)
            raise


def _page(rows: Sequence[_Row], total: int, is_exact: bool, page: int) -> FoundPage:
    begin = PAGE_SIZE * (page - 1)
    some = rows[begin : begin + PAGE_SIZE]
    has_more = total > begin + PAGE_SIZE and page < MOST_PAGES
    return FoundPage(tuple(one.name for one in some), total, is_exact, has_more)


def _narrow(
    asked: Asked, kind: Kind, conditions: Conditions, order: Order, found: Found, *, most: int
) -> list[_Row]:
    """Those of the documents whose rows hold, in order."""
    ranked = found.best() if order.column is None or order.column != "at" else found.newest()
    if order.column == "at" and not order.is_descending:
        ranked = ranked[::-1]
    ranked = ranked[:most]
    kinds, rows = found.kinds[ranked].tolist(), found.rows[ranked].tolist()
    held: dict[Name, Any] = {}
    for one in kind.rows:
        ids = [row for of, row in zip(kinds, rows, strict=True) if of == one.document]
        statement = _keyed(one, order).where(*conditions[one.document])
        if ids:
            is_one = _is_among(asked.session, one.columns["id"], ids)
            for row_id, key in asked.session.execute(statement.where(is_one)):
                held[one.document, row_id] = key
    names = [(DocumentKind(of), row) for of, row in zip(kinds, rows, strict=True)]
    kept = [_Row(name, held[name]) for name in names if name in held]
    return kept if order.column is None else _sorted(kept, order)


def _select(
    asked: Asked, kind: Kind, query: WordQuery, order: Order, most: int
) -> tuple[list[_Row], int, bool]:
    """The first rows that hold, in order, and how many there are."""
    rows: list[_Row] = []
    total = 0
    for one in kind.rows:
        conditions = _conditions(asked, kind, query, one)
        statement = _keyed(one, order).where(*conditions)
        column = statement.selected_columns[1]
        first = column.desc().nulls_last() if order.is_descending else column.asc().nulls_last()
        then = one.columns["id"].desc() if order.is_descending else one.columns["id"].asc()
        sorted_rows = statement.order_by(first, then).limit(PAGE_SIZE * MOST_PAGES + 1)
        rows += [_Row((one.document, row_id), key) for row_id, key in asked.session.execute(sorted_rows)]
        counted = one.base.with_only_columns(one.columns["id"]).where(*conditions).limit(most + 1)
        total += asked.session.scalar(select(func.count()).select_from(counted.subquery())) or 0
    rows = rows if len(kind.rows) == 1 else _sorted(rows, order)
    return rows, min(total, most), total <= most


def _conditions(asked: Asked, kind: Kind, query: WordQuery, rows: RowSet) -> list[ColumnElement[bool]]:
    return [kind.is_visible(asked.viewer), *query.conditions(asked, kind, rows)]


def _keyed(rows: RowSet, order: Order) -> Select[Any]:
    return rows.base.with_only_columns(rows.columns["id"], rows.columns[order.column or "at"])


def _sorted(rows: Sequence[_Row], order: Order) -> list[_Row]:
    """In order; rows without what they are sorted by come last."""
    known = [one for one in rows if one.key is not None]
    known.sort(key=lambda one: (one.key, one.name[1]), reverse=order.is_descending)
    return [*known, *(one for one in rows if one.key is None)]


def _is_among(session: Session, column: ColumnElement[int], ids: Sequence[int]) -> ColumnElement[bool]:
    """Whether the column is one of many numbers: as one value, for to write each of them out takes longer."""
    if session.get_bind().dialect.name == "sqlite":
        return column.in_(select(func.json_each(json.dumps(ids)).table_valued("value").c.value))
    return column == any_(literal(ids, ARRAY(BigInteger)))
