"""The pages that list changes: those of a repository, and those that concern the viewer."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.repos import queries
from hub.repos.blueprint import open_page
from hub.repos.tab_counts import count_in_tab
from hub.reviews import lists, mine
from hub.reviews.blueprint import blueprint
from hub.web import request as web
from hub.web.forms import page_number
from hub.web.render import render
from hub.web.scopes import needs

count_in_tab("reviews.list_changes", lists.count_open)


@blueprint.get("/<owner>/<name>/changes")
@needs(Scope.REPOSITORY_READ)
def list_changes(owner: str, name: str) -> ResponseReturnValue:
    """The changes of a repository: open ones, drafts, merged or closed ones, filtered and sorted."""
    repository = open_page(owner, name)
    session, viewer = web.session(), web.viewer()
    narrowed = lists.read_filter(request.args)
    found = lists.list_changes(session, repository, narrowed, page=page_number())
    return render(
        "reviews/changes.html",
        repository=queries.head_of(session, viewer, repository),
        changes=found.page,
        counts=found.counts,
        narrowed=narrowed,
        default_branch=repository.default_branch,
    )


@blueprint.get("/<owner>/<name>/pulls")
@needs(Scope.REPOSITORY_READ)
def lead_to_changes(owner: str, name: str) -> ResponseReturnValue:
    """Leads to the changes, where other forges have what they call so."""
    repository = open_page(owner, name)
    return redirect(url_for("reviews.list_changes", owner=repository.owner.name, name=repository.name))


@blueprint.get("/-/changes")
@needs(Scope.REPOSITORY_READ, sign_in=True)
def list_my_changes() -> ResponseReturnValue:
    """Changes of all repositories that wait for the viewer's review, that they opened, or reviewed."""
    concern = mine.read_concern(request.args)
    found = mine.list_my_changes(web.session(), web.viewer(), concern, page=page_number())
    return render("reviews/my_changes.html", found=found)
