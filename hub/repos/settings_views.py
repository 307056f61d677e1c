"""The settings of a repository, page by page."""

from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.repos import queries
from hub.repos.blueprint import blueprint, open_settings
from hub.web import request as web
from hub.web.forms import Form
from hub.web.render import render
from hub.web.scopes import needs


@blueprint.get("/<owner>/<name>/settings")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def settings(owner: str, name: str) -> ResponseReturnValue:
    """What the repository is called, shown with and does, for whoever may change some of it."""
    repository = open_settings(owner, name)
    head = queries.head_of(web.session(), web.viewer(), repository)
    return render("repos/settings.html", repository=head, form=Form({"description": head.description}))
