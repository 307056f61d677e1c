"""The page on which words are taken away: which there are, what happens to them, and the button."""

from typing import Final

from flask import redirect
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from hub.access import Scope
from hub.errors import NotFound, text
from hub.repos.queries import head_of
from hub.reviews import redacting
from hub.reviews.blueprint import blueprint, open_change
from hub.reviews.changes import OpenedChange
from hub.reviews.conversation.showing import back_to
from hub.reviews.conversation.threads import get_comment
from hub.reviews.models import Review
from hub.reviews.redacting import list_removable
from hub.reviews.shell import change_head
from hub.web import forms, notices
from hub.web import request as web
from hub.web.forms import Form
from hub.web.render import render
from hub.web.scopes import needs

_CHANGE: Final = "/<owner>/<name>/changes/<int(max=2147483647):number>"
_OF: Final = f"{_CHANGE}/<any(comments, reviews):said>/<int(max=2147483647):said_id>/redact"
_WHOLE: Final = {"said": "change", "said_id": 0}


@blueprint.get(f"{_CHANGE}/redact", defaults=_WHOLE)
@blueprint.get(_OF)
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def redact_page(owner: str, name: str, number: int, said: str, said_id: int) -> ResponseReturnValue:
    """What would be taken away, and what that means."""
    opened = open_change(owner, name, number)
    return _page(opened, said, said_id, Form({"words": []}))


@blueprint.post(f"{_CHANGE}/redact", defaults=_WHOLE)
@blueprint.post(_OF)
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def redact(owner: str, name: str, number: int, said: str, said_id: int) -> ResponseReturnValue:
    """Takes the chosen words away, for good."""
    form = forms.read(many=("words",))
    opened = open_change(owner, name, number, locks=True)
    of = _name_of(opened, said, said_id)
    session, viewer = web.session(), web.viewer()
    known = {one.wording.name for one in list_removable(session, viewer, opened, of=of)}
    try:
        if not known >= set(form.chosen("words")):
            raise NotFound(text("There are no such words here."), text("They may be gone already."))
        redacting.take_away(session, viewer, opened, names=form.chosen("words"))
    except forms.REFUSALS as error:
        return _page(opened, said, said_id, form.refuse(error)), error.status
    notices.add(
        "ok", text("The words are taken away."), text("Nobody reads them here any more; clones follow.")
    )
    return redirect(back_to(opened, at=f"c{said_id}" if said == "comments" else ""))


def _name_of(opened: OpenedChange, said: str, said_id: int) -> str:
    """What wordings are of, as `Wording.of` names it; raises NotFound."""
    if said == "change":
        return ""
    if said == "comments":
        return get_comment(web.session(), opened, said_id).global_id
    is_it = (Review.topic_id == opened.topic.id, Review.id == said_id)
    found = web.session().scalar(select(Review.entry_id).where(*is_it))
    if found is None:
        raise NotFound(text("There is no such review of this change."))
    return found


def _page(opened: OpenedChange, said: str, said_id: int, form: Form) -> str:
    session, viewer = web.session(), web.viewer()
    of = _name_of(opened, said, said_id)
    return render(
        "reviews/redact.html",
        repository=head_of(session, viewer, opened.repository),
        change=change_head(session, viewer, opened),
        removable=list_removable(session, viewer, opened, of=of),
        form=form,
        said=said,
        below="redact" if said == "change" else f"{said}/{said_id}/redact",
        back=f"c{said_id}" if said == "comments" else "",
    )
