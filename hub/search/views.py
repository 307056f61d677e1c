"""The page on which code is searched, and the same for programs."""

from functools import lru_cache
from typing import Final

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.config import Config
from hub.errors import Invalid, text
from hub.search.code_finding import CodeSearch, FoundLine
from hub.search.code_queries import FILTERS, read_code_query
from hub.search.shown import show_file
from hub.search.syntax import Misunderstood
from hub.web import gate
from hub.web import request as web
from hub.web.forms import page_number
from hub.web.render import render
from hub.web.scopes import Costly, needs

blueprint = Blueprint("search", __name__)

_MOST_LINES: Final = 1000
_USUAL_LINES: Final = 100


@blueprint.get("/search")
@needs(Scope.REPOSITORY_READ, costly=Costly.SOMETIMES)
def search_code() -> ResponseReturnValue:
    """Code that the viewer may see: the files in which something was found, the best first."""
    written, page = request.args.get("q", "").strip(), page_number()
    if not written:
        return _page(written)
    try:
        query = read_code_query(written)
    except Misunderstood as error:
        return _page(written, error=error), error.status
    if query.is_empty:
        return _page(written, is_empty=True)
    gate.admit()
    found = _search(web.config()).files(web.session(), web.viewer(), query, page=page)
    files = [show_file(one) for one in found.files]
    return _page(written, found=found, files=files, number=page)


@blueprint.get("/api/v1/search/code")
@needs(Scope.REPOSITORY_READ, costly=Costly.SOMETIMES)
def list_lines() -> ResponseReturnValue:
    """Every line in which something is found, as JSON, a part at a time."""
    query, after = read_code_query(request.args.get("q", "")), request.args.get("cursor", "")
    if query.is_empty:
        raise Invalid(
            text("There is nothing to look for."),
            next_step=text("Put a word into q, such as q=parse_commit."),
        )
    most = _read_limit(request.args.get("limit", ""))
    gate.admit()
    try:
        found = _search(web.config()).lines(web.session(), web.viewer(), query, most=most, after=after)
    except ValueError as error:
        raise Invalid(
            text("The cursor is none."), next_step=text("Send the one that the answer before had in `next`.")
        ) from error
    hits = [_as_object(one) for one in found.lines]
    return jsonify({"hits": hits, "next": found.cursor, "partial": found.is_partial})


def _page(written: str, **known: object) -> str:
    given = {"found": None, "files": (), "error": None, "is_empty": False, "number": 1, **known}
    return render("search/code.html", query=written, filters=FILTERS, **given)


@lru_cache(4)
def _search(config: Config) -> CodeSearch:
    # One in each process: it keeps what it opened.
    return CodeSearch(config)


def _read_limit(given: str) -> int:
    if not given:
        return _USUAL_LINES
    if not (given.isascii() and given.isdigit() and 1 <= len(given) <= 6 and int(given) > 0):
        raise Invalid(text("limit is a number from 1 to %(most)s.", most=_MOST_LINES))
    return min(int(given), _MOST_LINES)


def _as_object(one: FoundLine) -> dict[str, object]:
    return {
        "repository": one.place.path,
        "ref": one.place.ref,
        "commit": one.place.commit_id,
        "path": one.path.decode("utf-8", "replace"),
        "line": one.line.number,
        "text": one.line.text,
    }
