"""Code that is found, for programs."""

from typing import Final

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.errors import Invalid, text
from hub.search.blueprint import blueprint
from hub.search.code.finding import FoundLine
from hub.search.code.page import note_searched, search_of
from hub.search.code.queries import read_code_query
from hub.web import gate
from hub.web import request as web
from hub.web.scopes import Costly, needs
from hub.web.sealed import seal, unseal

_MOST_LINES: Final = 1000
_USUAL_LINES: Final = 100
_CURSOR: Final = "a place in lines"


@blueprint.get("/api/v1/search/code")
@needs(Scope.REPOSITORY_READ, costly=Costly.SOMETIMES)
def list_lines() -> ResponseReturnValue:
    """Every line in which something is found, as JSON, a part at a time."""
    query, after = read_code_query(request.args.get("q", "")), _read_cursor(request.args.get("cursor", ""))
    if query.is_empty:
        raise Invalid(
            text("There is nothing to look for."),
            next_step=text("Put a word into q, such as q=parse_commit."),
        )
    most = _read_limit(request.args.get("limit", ""))
    gate.admit()
    note_searched(query)
    found = search_of(web.config()).lines(web.session(), web.viewer(), query, most=most, after=after)
    hits = [_as_object(one) for one in found.lines]
    following = None if found.cursor is None else seal(found.cursor, purpose=_CURSOR)
    return jsonify({"hits": hits, "next": following, "partial": found.is_partial})


def _read_cursor(given: str) -> str:
    """Where to go on; sealed, because the numbers in it would tell how much this hub holds."""
    after = unseal(given, purpose=_CURSOR) if given else ""
    if after is None:
        raise Invalid(
            text("The cursor is none."), next_step=text("Send the one that the answer before had in `next`.")
        )
    return after


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
