"""The pages at `/find`: files of a branch, a tag or a commit by some letters of their paths."""

from flask import make_response, redirect, request
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.errors import NotFound, text
from hub.repos.blueprint import blueprint, open_page
from hub.repos.browsing.addresses import address_of
from hub.repos.browsing.files import finding
from hub.repos.browsing.shell import shell_of
from hub.repos.browsing.spots import default_spot, find_spot
from hub.web import gate
from hub.web import request as web
from hub.web.answers import FRAGMENT
from hub.web.raw_path import rest_of_path
from hub.web.render import render
from hub.web.scopes import Costly, needs


@blueprint.get("/<owner>/<name>/find/<kind>/<raw:rest>")
@needs(Scope.REPOSITORY_READ, costly=Costly.SOMETIMES)
def find_file(owner: str, name: str, kind: str, rest: str) -> ResponseReturnValue:
    """The files whose paths have the letters of `q`, the likeliest first."""
    repository = open_page(owner, name)
    session = web.session()
    spot = find_spot(session, repository, kind, rest_of_path(after=4))
    listed = finding.find_kept(session, repository, spot)
    if listed is None:
        # Of commits there is no end; to type into a list that is there costs little.
        gate.admit()
        listed = finding.list_files(session, repository, spot)
    found = listed.find(request.args.get("q", ""))
    if FRAGMENT in request.headers:
        page = render("browsing/_found.html", repository=repository, found=found)
    else:
        page = render(
            "browsing/find.html", **shell_of(session, web.viewer(), repository, found.spot), found=found
        )
    response = make_response(page)
    response.vary.add(FRAGMENT)
    return response


@blueprint.get("/<owner>/<name>/find")
@needs(Scope.REPOSITORY_READ)
def find_default_file(owner: str, name: str) -> ResponseReturnValue:
    """Leads to the files of the default branch."""
    repository = open_page(owner, name)
    spot = default_spot(web.session(), repository)
    if spot is None:
        raise NotFound(
            text("There is no file here yet."),
            text("Nothing was pushed to the default branch."),
            text("The first page of the repository shows how to push."),
        )
    return redirect(address_of("find", repository, spot))
