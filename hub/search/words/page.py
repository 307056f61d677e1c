"""The results of a search of words, as a page; and the types of search with how much each finds."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from hub.clock import now
from hub.config import Config
from hub.errors import BadRequest, Text, text
from hub.search.code.shown import around
from hub.search.engine.damage import IndexDamaged
from hub.search.syntax import Misunderstood
from hub.search.words.finding import WordSearch
from hub.search.words.kind import NEWEST, RELEVANCE, Asked, Kind
from hub.search.words.queries import Misplaced, WordQuery, read_word_query
from hub.search.words.registry import KINDS
from hub.web import gate
from hub.web import request as web
from hub.web.render import render

_CODE: Final = "code"
LABELS: Final[Mapping[str, Text]] = {_CODE: text("Code"), **{name: one.label for name, one in KINDS.items()}}

# Tabs say no more than that there are many.
_MOST_IN_TAB: Final = 1000


@dataclass(frozen=True, slots=True)
class Tab:
    """A type of search and how much it finds, None where that is not known; `is_exact`: there is no more."""

    name: str
    label: Text
    count: int | None = None
    is_exact: bool = True


def show_kind(name: str) -> Callable[[str, int], ResponseReturnValue]:
    """The view of that kind of search: given what was written, and the number of the page."""
    kind = KINDS[name]

    def show(written: str, number: int) -> ResponseReturnValue:
        order = read_order(kind.orders)
        if not written:
            return _page(kind, written)
        try:
            query = read_word_query(written, kind, KINDS)
            return _results(kind, written, query, order, number)
        except Misunderstood as error:
            types = error.types if isinstance(error, Misplaced) else ()
            page = _page(kind, written, error=error, fault=around(written, error.at), types=types)
            return page, error.status

    return show


def list_tabs(written: str) -> list[Tab]:
    """The types of search; what each finds of words that mean something there."""
    return [Tab(_CODE, LABELS[_CODE]), *(_tab(one, written) for one in KINDS.values())]


def list_kinds() -> list[Kind]:
    """Every kind, for the help."""
    return list(KINDS.values())


def _results(kind: Kind, written: str, query: WordQuery, order: str, number: int) -> str:
    gate.admit()
    asked = Asked(web.session(), web.viewer(), now())
    found = search_of(web.config()).find(asked, kind, query, order=order, page=number)
    shown = kind.show(web.session(), web.viewer(), found.names, query.atoms)
    usual = RELEVANCE if query.alternatives else NEWEST
    return _page(kind, written, found=found, shown=shown, number=number, order=order or usual)


@lru_cache(4)
def search_of(config: Config) -> WordSearch:
    """The search of this process, which keeps what it opened."""
    return WordSearch(config)


def read_order(orders: Collection[str]) -> str:
    """The order that the address asks for, empty for the usual one; raises BadRequest for none of these."""
    order = request.args.get("sort", "")
    if order and order not in orders:
        raise BadRequest(
            text("There is no such order."),
            next_step=text("The orders are: %(orders)s.", orders=", ".join(orders)),
        )
    return order


def _page(kind: Kind, written: str, **known: object) -> str:
    given = {"found": None, "shown": (), "error": None, "number": 1, "order": "", "types": (), **known}
    about = {"searched": kind, "labels": LABELS}
    return render("search/words.html", query=written, kind=kind.name, **about, **given)


def _tab(kind: Kind, written: str) -> Tab:
    try:
        query = read_word_query(written, kind, KINDS) if written else None
        if query is None or query.is_empty:
            return Tab(kind.name, kind.label)
        asked = Asked(web.session(), web.viewer(), now())
        found = search_of(web.config()).find(asked, kind, query, most=_MOST_IN_TAB)
    except (Misunderstood, IndexDamaged):
        return Tab(kind.name, kind.label)
    return Tab(kind.name, kind.label, found.total, found.is_exact)
