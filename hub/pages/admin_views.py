"""The first page of administrators: what this hub holds, and what waits for them."""

from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.accounts.blueprint import blueprint
from hub.accounts.people import count_people, require_administrator
from hub.journal.overseeing import count_journals
from hub.repos.totals import count_repositories
from hub.web import request as web
from hub.web.answers import secret_page
from hub.web.render import render
from hub.web.scopes import needs


@blueprint.get("/admin")
@needs(Scope.ADMIN, sign_in=True)
def administration() -> ResponseReturnValue:
    """What there is, in numbers."""
    session, viewer = web.session(), web.viewer()
    require_administrator(viewer)
    return secret_page(
        render(
            "admin/overview.html",
            counts=count_people(session, viewer),
            totals=count_repositories(session),
            journals=count_journals(session),
            sign_up=web.config().sign_up,
        )
    )
