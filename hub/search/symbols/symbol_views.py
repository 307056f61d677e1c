"""The page of a symbol in a repository, and what leads to it from the page of a file."""

import os
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from hub.access import Scope, Viewer
from hub.errors import Invalid, text
from hub.repos.blueprint import open_page
from hub.repos.browsing.files.files import FilePage
from hub.repos.browsing.files.folders import find_entry
from hub.repos.browsing.files.inked import CHUNK_LINES
from hub.repos.browsing.files.texts import read_text
from hub.repos.browsing.shell import shell_of
from hub.repos.browsing.spots import Spot, SpotKind, as_text, find_spot
from hub.repos.git.store import directory
from hub.repos.git.trees import Trees
from hub.repos.models import Repository
from hub.repos.names import BRANCHES, TAGS
from hub.repos.queries import head_of
from hub.repos.slots import Piece, Slot, fill
from hub.search.blueprint import blueprint
from hub.search.code.page import search_of
from hub.search.code.shown import address_at, pieces_of_line
from hub.search.symbols.looking_up import Known, Wish, look_up
from hub.search.symbols.model import LONGEST
from hub.search.symbols.outlines import MOST_BYTES, Source, has_symbols, is_known, outlines_of
from hub.web import gate
from hub.web import request as web
from hub.web.forms import page_number
from hub.web.raw_path import rest_of_path
from hub.web.render import render
from hub.web.scopes import Costly, needs

MOST_SHOWN: Final = 1_000
# As many as the mark of a program takes.
_FIRST_LETTERS: Final = 100

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


@blueprint.get("/<owner>/<name>/outline/<kind>/<raw:rest>")
@needs(Scope.REPOSITORY_READ, costly=Costly.SOMETIMES)
def show_outline(owner: str, name: str, kind: str, rest: str) -> ResponseReturnValue:
    """What a file defines: each name leads to its line and to where it is used."""
    repository = open_page(owner, name)
    session, viewer, config = web.session(), web.viewer(), web.config()
    spot = find_spot(session, repository, kind, rest_of_path(after=4))
    source = _read_source(repository, spot)
    if not is_known(config, source):
        gate.admit()
    (outline,) = outlines_of(config, [source])
    listed = [one for one in outline.symbols if not one.is_part]
    return render(
        "search/outline.html",
        **shell_of(session, viewer, repository, spot),
        symbols=listed[:MOST_SHOWN],
        more=max(0, len(listed) - MOST_SHOWN),
        address=url_for("search.show_symbol", owner=owner, name=name),
        ref=_ref_of(spot),
        chunk_lines=CHUNK_LINES,
    )


def _read_source(repository: Repository, spot: Spot) -> Source:
    entry = find_entry(web.session(), repository, spot)
    blob = None
    if entry.is_blob:
        trees = Trees(directory(web.config(), repository))
        blob = trees.read_blob(entry.object_id, most_bytes=MOST_BYTES)
    found = read_text(blob.content) if blob is not None and blob.content else None
    return Source(entry.object_id, spot.path, b"" if found is None else found.text.encode())


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
    if known is None:
        return "", False
    place = known.place
    is_other = bool(wish.ref) and wish.ref not in (place.ref, place.commit_id)
    return place.ref.removeprefix(BRANCHES).removeprefix(TAGS), is_other


def _lead_to_outline(_: Session, __: Viewer, repository: Repository, file: FilePage) -> Piece | None:
    """The way to what the file defines; to list it here would cost the page more than the file itself."""
    if file.code is None:
        return None
    owner, name, spot = repository.owner.name, repository.name, file.spot
    outline = None
    if has_symbols(spot.path, file.code.text.text[:_FIRST_LETTERS].encode()):
        rest = os.fsencode(spot.name) + b"/" + spot.path
        outline = url_for("search.show_outline", owner=owner, name=name, kind=spot.kind.value, rest=rest)
    values = {
        "outline": outline,
        "address": url_for("search.show_symbol", owner=owner, name=name),
        "ref": _ref_of(spot),
        "path": spot.path_quoted,
    }
    return Piece("search/_outline.html", values)


def _ref_of(spot: Spot) -> str:
    prefix = _PREFIXES.get(spot.kind)
    return spot.commit_id if prefix is None else prefix + spot.name_quoted


fill(Slot.FILE, _lead_to_outline)
