"""The page of a symbol in a repository, and what leads to it from the page of a file."""

from typing import Final
from urllib.parse import quote, unquote_to_bytes

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from hub.access import Scope, Viewer
from hub.db import config_of
from hub.errors import Invalid, text
from hub.repos.blueprint import open_page
from hub.repos.browsing.files.files import FilePage
from hub.repos.browsing.spots import Spot, SpotKind, as_text
from hub.repos.models import Repository
from hub.repos.names import BRANCHES, TAGS
from hub.repos.queries import head_of
from hub.repos.slots import Piece, Slot, fill
from hub.search.blueprint import blueprint
from hub.search.code.page import search_of
from hub.search.code.shown import address_at, pieces_of_line
from hub.search.symbols.looking_up import Known, Wish, look_up
from hub.search.symbols.model import LONGEST
from hub.search.symbols.outlines import Source, outlines_of
from hub.web import gate
from hub.web import request as web
from hub.web.forms import page_number
from hub.web.render import render
from hub.web.scopes import Costly, needs

MOST_SHOWN: Final = 300

_PREFIXES: Final = {SpotKind.BRANCH: BRANCHES, SpotKind.TAG: TAGS}


@blueprint.get("/<owner>/<name>/symbol")
@needs(Scope.REPOSITORY_READ, costly=Costly.SOMETIMES)
def show_symbol(owner: str, name: str) -> ResponseReturnValue:
    """Where the repository defines and uses the name `q`; with `go`, leads to where it is defined."""
    repository = open_page(owner, name)
    wish, page = _read_wish(), page_number()
    known = None
    if wish.name:
        gate.admit()
        searching = search_of(web.config()), web.config()
        known = look_up(searching, web.session(), web.viewer(), repository, wish, page=page)
    if known is not None and len(known.definitions) == 1 and request.args.get("go"):
        (one,) = known.definitions
        return redirect(f"{address_at(known.place, one.path)}#L{one.line.number}")
    return render(
        "search/symbol.html",
        repository=head_of(web.session(), web.viewer(), repository),
        wish=wish,
        given={"ref": quote(wish.ref), "from": quote(wish.path)},
        known=known,
        number=page,
        path_text=as_text,
        pieces_of=pieces_of_line,
        address_at=address_at,
        branch=_name_of(known, wish),
    )


def _read_wish() -> Wish:
    name = request.args.get("q", "").strip()
    if len(name) > LONGEST or not name.isprintable():
        raise Invalid(
            text("This is no name of a symbol."),
            next_step=text("A name has up to %(most)s characters, all of which can be seen.", most=LONGEST),
        )
    # No view is of a ref whose name is no text.
    ref = unquote_to_bytes(request.args.get("ref", "")).decode("utf-8", "replace")
    return Wish(name, ref, unquote_to_bytes(request.args.get("from", "")))


def _name_of(known: Known | None, wish: Wish) -> tuple[str, bool]:
    """The branch or tag that was looked at, and whether it is another one than was asked for."""
    ref = "" if known is None else known.place.ref
    return ref.removeprefix(BRANCHES).removeprefix(TAGS), bool(wish.ref) and ref != wish.ref


def _outline(session: Session, _: Viewer, repository: Repository, file: FilePage) -> Piece | None:
    """What the file defines, with the way to where each of it is used."""
    if file.code is None:
        return None
    source = Source(file.entry.object_id, file.spot.path, file.code.text.text.encode())
    (outline,) = outlines_of(config_of(session), [source])
    listed = [one for one in outline.symbols if not one.is_part]
    return Piece(
        "search/_outline.html",
        {
            "symbols": listed[:MOST_SHOWN],
            "more": max(0, len(listed) - MOST_SHOWN),
            "address": url_for("search.show_symbol", owner=repository.owner.name, name=repository.name),
            "ref": _ref_of(file.spot),
            "path": quote(file.spot.path),
        },
    )


def _ref_of(spot: Spot) -> str:
    # A commit that no name leads to is looked at in the default branch.
    return _PREFIXES[spot.kind] + spot.name_quoted if spot.kind in _PREFIXES else ""


fill(Slot.FILE, _outline)
