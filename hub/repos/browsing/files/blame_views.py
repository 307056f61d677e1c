"""Pages that say of each line of a file which commit wrote it."""

from flask import make_response, request
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.repos.blueprint import blueprint, open_page
from hub.repos.browsing.files import blames
from hub.repos.browsing.files.folders import find_entry
from hub.repos.browsing.files.line_ranges import read_range
from hub.repos.browsing.shell import shell_of
from hub.repos.browsing.spots import find_spot
from hub.web import request as web
from hub.web.answers import FRAGMENT
from hub.web.raw_path import rest_of_path
from hub.web.render import render
from hub.web.scopes import Costly, needs


@blueprint.get("/<owner>/<name>/blame/<kind>/<raw:rest>")
@needs(Scope.REPOSITORY_READ, costly=Costly.ALWAYS)
def show_blame(owner: str, name: str, kind: str, rest: str) -> ResponseReturnValue:
    """A part of the blame of a file of a commit."""
    repository = open_page(owner, name)
    session, viewer = web.session(), web.viewer()
    spot = find_spot(session, repository, kind, rest_of_path(after=4))
    page = blames.read_blame(
        session,
        repository,
        spot,
        find_entry(session, repository, spot),
        asked=read_range(request.args.get("lines")),
        is_thorough=request.args.get("w") == "1",
    )
    if FRAGMENT in request.headers:
        text = render("browsing/_blame_rows.html", repository=repository, spot=spot, blame=page)
    else:
        text = render("browsing/blame.html", **shell_of(session, viewer, repository, spot), blame=page)
    response = make_response(text)
    response.vary.add(FRAGMENT)
    return response
