"""What happened in a repository, push by push."""

from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.errors import BadRequest, text
from hub.repos import activity
from hub.repos.blueprint import blueprint, open_page
from hub.repos.browsing.reached import list_reached
from hub.repos.queries import head_of
from hub.web import request as web
from hub.web.render import render
from hub.web.scopes import needs

_PAGE_PUSHES: Final = 50
_LARGEST: Final = 2**62


@blueprint.get("/<owner>/<name>/activity")
@needs(Scope.REPOSITORY_READ)
def show_activity(owner: str, name: str) -> ResponseReturnValue:
    """Who pushed what, the newest first; the last page ends with how the repository began."""
    repository = open_page(owner, name)
    session, viewer, before = web.session(), web.viewer(), _before()
    found = activity.list_pushes_to(session, viewer, repository, before=before, limit=_PAGE_PUSHES + 1)
    pushes = found[:_PAGE_PUSHES]
    ids = [one for push in pushes for move in push.moves for one in (move.old_id, move.new_id) if one]
    return render(
        "repos/activity.html",
        repository=head_of(session, viewer, repository),
        pushes=pushes,
        reached=list_reached(session, repository, ids),
        is_first=before is None,
        next_before=pushes[-1].id if len(found) > _PAGE_PUSHES else None,
        created_at=repository.created_at,
    )


def _before() -> int | None:
    given = request.args.get("before")
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and int(given[:20]) < _LARGEST):
        raise BadRequest(
            text("There is no such page of the activity."), next_step=text("Begin with the newest pushes.")
        )
    return int(given)
