"""The button that merges a change."""

from flask import redirect
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.errors import Conflict, Invalid, Unavailable, text
from hub.repos.pushing.moving import RefRefused
from hub.reviews.addresses import change_address
from hub.reviews.blueprint import blueprint, open_change
from hub.reviews.conversation.showing import show
from hub.reviews.merging import Order, merge
from hub.web import forms, notices
from hub.web import request as web
from hub.web.errors import wants_page
from hub.web.scopes import needs

# What is told above the change, which is as it was: the reader sees there what is missing.
_TOLD_THERE = (Conflict, Invalid, RefRefused, Unavailable)


@blueprint.post("/<owner>/<name>/changes/<int(max=2147483647):number>/merge")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def merge_change(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Merges the change, or says why not."""
    form = forms.read("strategy", "message", "commit", many=("delete_branch",))
    opened = open_change(owner, name, number)
    address, target = change_address(opened.repository, number), opened.change.target
    order = Order(
        strategy=form.text("strategy"),
        commit_id=form.text("commit"),
        message=form.text("message"),
        deletes_branch=bool(form.chosen("delete_branch")),
        base_url=web.base_url(),
    )
    try:
        merge(web.session(), web.viewer(), opened.repository.path, number, order=order)
    except _TOLD_THERE as error:
        if not wants_page():
            raise
        fields = error.fields.values() if isinstance(error, Invalid) else ()
        notices.add("bad", error.what, next(iter(fields), error.why))
        # As it is by now, with what was entered.
        return show(open_change(owner, name, number), message=order.message, error=error)
    notices.add("ok", text("Change %(number)s is merged into %(target)s.", number=number, target=target))
    return redirect(address)
