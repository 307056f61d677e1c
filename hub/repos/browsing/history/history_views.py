"""The pages at `/commits`: the history of a branch, a tag or a commit, of all of it or of one path."""

from flask import redirect
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.errors import NotFound, text
from hub.repos.blueprint import blueprint, open_page
from hub.repos.browsing.addresses import address_of
from hub.repos.browsing.files.folders import is_file
from hub.repos.browsing.history.histories import read_history
from hub.repos.browsing.shell import shell_of
from hub.repos.browsing.spots import default_spot, find_spot
from hub.web import gate
from hub.web import request as web
from hub.web.forms import page_number
from hub.web.raw_path import rest_of_path
from hub.web.render import render
from hub.web.scopes import Costly, needs


@blueprint.get("/<owner>/<name>/commits/<kind>/<raw:rest>")
@needs(Scope.REPOSITORY_READ, costly=Costly.SOMETIMES)
def list_commits(owner: str, name: str, kind: str, rest: str) -> ResponseReturnValue:
    """The commits that lead to a branch, a tag or a commit; with a path, those that touched it."""
    repository = open_page(owner, name)
    session, viewer = web.session(), web.viewer()
    spot = find_spot(session, repository, kind, rest_of_path(after=4))
    if spot.path:
        gate.admit()
    is_followed = bool(spot.path) and is_file(session, repository, spot)
    history = read_history(session, repository, spot, is_followed=is_followed, page=page_number())
    return render("browsing/history.html", **shell_of(session, viewer, repository, spot), history=history)


@blueprint.get("/<owner>/<name>/commits")
@needs(Scope.REPOSITORY_READ)
def list_default_commits(owner: str, name: str) -> ResponseReturnValue:
    """Leads to the history of the default branch."""
    repository = open_page(owner, name)
    spot = default_spot(web.session(), repository)
    if spot is None:
        raise NotFound(
            text("There is no commit here yet."),
            text("Nothing was pushed to the default branch."),
            text("The first page of the repository shows how to push."),
        )
    return redirect(address_of("commits", repository, spot))
