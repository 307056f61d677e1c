"""The conversation of a change, and the addresses by which other forges know it."""

from flask import redirect
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.reviews.addresses import change_address
from hub.reviews.blueprint import blueprint, open_change
from hub.reviews.conversation.showing import show
from hub.web.scopes import needs


@blueprint.get("/<owner>/<name>/changes/<int(max=2147483647):number>")
@needs(Scope.REPOSITORY_READ)
def show_change(owner: str, name: str, number: int) -> ResponseReturnValue:
    """A change and what was said about it."""
    return show(open_change(owner, name, number))


@blueprint.get("/<owner>/<name>/pulls/<int(max=2147483647):number>", defaults={"page": ""})
@blueprint.get("/<owner>/<name>/pulls/<int(max=2147483647):number>/<path:page>")
@blueprint.get("/<owner>/<name>/pulls/<int(max=2147483647):number>.patch", defaults={"page": ".patch"})
@blueprint.get("/<owner>/<name>/pulls/<int(max=2147483647):number>.diff", defaults={"page": ".diff"})
@needs(Scope.REPOSITORY_READ)
def from_elsewhere(owner: str, name: str, number: int, page: str) -> ResponseReturnValue:
    """Leads from the address that other forges use to ours."""
    opened = open_change(owner, name, number)
    return redirect(change_address(opened.repository, number, page))
