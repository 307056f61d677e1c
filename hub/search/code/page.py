"""The results of a search of code, as a page."""

from functools import lru_cache

from flask.typing import ResponseReturnValue

from hub.config import Config
from hub.search.code.finding import CodeSearch
from hub.search.code.queries import FILTERS, read_code_query
from hub.search.code.shown import show_file
from hub.search.syntax import Misunderstood
from hub.web import gate
from hub.web import request as web
from hub.web.render import render


def show(written: str, number: int) -> ResponseReturnValue:
    """The files in which something was found, the best first; how to ask where nothing was asked."""
    if not written:
        return _page(written)
    try:
        query = read_code_query(written)
    except Misunderstood as error:
        return _page(written, error=error), error.status
    if query.is_empty:
        return _page(written, is_empty=True)
    gate.admit()
    found = search_of(web.config()).files(web.session(), web.viewer(), query, page=number)
    files = [show_file(one) for one in found.files]
    return _page(written, found=found, files=files, number=number)


@lru_cache(4)
def search_of(config: Config) -> CodeSearch:
    """The search of this process, which keeps what it opened."""
    return CodeSearch(config)


def _page(written: str, **known: object) -> str:
    given = {"found": None, "files": (), "error": None, "is_empty": False, "number": 1, **known}
    return render("search/code.html", query=written, kind="code", filters=FILTERS, **given)
