"""The conversation of a change, and the addresses by which other forges know it."""

from flask import redirect
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.reviews.addresses import change_address
from hub.reviews.blueprint import blueprint, open_change
from hub.reviews.merge_box import merge_box
from hub.reviews.prose import render_words
from hub.reviews.shell import shell_of
from hub.web import request as web
from hub.web.render import render
from hub.web.scopes import needs


@blueprint.get("/<owner>/<name>/changes/<int(max=2147483647):number>")
@needs(Scope.REPOSITORY_READ)
def show_change(owner: str, name: str, number: int) -> ResponseReturnValue:
    """A change and what was said about it."""
    opened = open_change(owner, name, number)
    words = opened.topic.description
    description = words and render_words(
        web.config(), opened.repository, words, branch=opened.change.target, mark="d"
    )
    shell = shell_of(web.session(), web.viewer(), opened)
    box = merge_box(web.session(), web.viewer(), opened, base_url=web.base_url())
    return render("reviews/conversation.html", **shell, description=description, box=box)


@blueprint.get("/<owner>/<name>/pulls/<int(max=2147483647):number>", defaults={"page": ""})
@blueprint.get("/<owner>/<name>/pulls/<int(max=2147483647):number>/<path:page>")
@blueprint.get("/<owner>/<name>/pulls/<int(max=2147483647):number>.patch", defaults={"page": ".patch"})
@blueprint.get("/<owner>/<name>/pulls/<int(max=2147483647):number>.diff", defaults={"page": ".diff"})
@needs(Scope.REPOSITORY_READ)
def from_elsewhere(owner: str, name: str, number: int, page: str) -> ResponseReturnValue:
    """Leads from the address that other forges use to ours."""
    opened = open_change(owner, name, number)
    return redirect(change_address(opened.repository, number, page))
