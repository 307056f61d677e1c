"""What is offered below the search box, as a part of a page that a script puts there."""

from flask import request
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.search.blueprint import blueprint
from hub.search.code.offers import offers_for
from hub.search.code.page import search_of
from hub.search.code.scope import within_repository
from hub.web import request as web
from hub.web.render import render
from hub.web.scopes import needs


@blueprint.get("/search/suggestions")
@needs(Scope.REPOSITORY_READ)
def suggest() -> ResponseReturnValue:
    """Files, symbols and repositories that begin like the last word."""
    written = within_repository(request.args.get("q", ""), request.args.get("repo", ""))
    found = offers_for(web.session(), web.viewer(), search_of(web.config()), written)
    return render("search/_offers.html", found=found)
