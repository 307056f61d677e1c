"""The page of one's saved searches, the forms around it, and what every page of search shows of them."""

from collections.abc import Sequence
from typing import Final

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.errors import text
from hub.search.blueprint import blueprint
from hub.search.models import SavedSearch
from hub.search.saved import actions
from hub.search.saved.actions import Asked
from hub.search.saved.queries import list_saved
from hub.search.saved.ready import READY, Ready
from hub.web import forms, notices
from hub.web import request as web
from hub.web.answers import refused_page, secret_page
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import needs

_USUAL_KIND: Final = "code"


@blueprint.get("/settings/searches")
@needs(Scope.ACCOUNT, sign_in=True)
def list_searches() -> ResponseReturnValue:
    """The viewer's saved searches."""
    return secret_page(_page())


@blueprint.post("/settings/searches")
@needs(Scope.ACCOUNT, sign_in=True)
def save_search() -> ResponseReturnValue:
    """Keeps a search under a name, and leads back to its results."""
    form = forms.read("name", "type", "q", "sort")
    asked = Asked(form.text("type") or _USUAL_KIND, form.text("q"), form.text("sort"))
    try:
        saved = actions.save_search(web.session(), web.viewer(), name=form.text("name"), asked=asked)
    except REFUSALS as error:
        return refused_page(_page(form.refuse(error)), error)
    notices.add(
        "ok", text("The search is saved as “%(name)s”.", name=saved.name), next_url=url_for(".list_searches")
    )
    return redirect(_address_of(saved))


@blueprint.post("/settings/searches/<int(max=2147483647):saved_id>/rename")
@needs(Scope.ACCOUNT, sign_in=True)
def rename_search(saved_id: int) -> ResponseReturnValue:
    """Gives a saved search another name."""
    form = forms.read("name")
    try:
        actions.rename_search(web.session(), web.viewer(), saved_id=saved_id, name=form.text("name"))
    except REFUSALS as error:
        return refused_page(_page(renamed=form.refuse(error), renamed_id=saved_id), error)
    notices.add("ok", text("The search is renamed."))
    return redirect(url_for(".list_searches"))


@blueprint.post("/settings/searches/<int(max=2147483647):saved_id>/up")
@needs(Scope.ACCOUNT, sign_in=True)
def move_search_up(saved_id: int) -> ResponseReturnValue:
    """Puts a saved search before the one that it follows."""
    actions.move_up(web.session(), web.viewer(), saved_id=saved_id)
    return redirect(url_for(".list_searches"))


@blueprint.post("/settings/searches/<int(max=2147483647):saved_id>/delete")
@needs(Scope.ACCOUNT, sign_in=True)
def delete_search(saved_id: int) -> ResponseReturnValue:
    """Deletes a saved search."""
    actions.delete_search(web.session(), web.viewer(), saved_id=saved_id)
    notices.add("ok", text("The search is deleted."))
    return redirect(url_for(".list_searches"))


def _address_of(saved: SavedSearch | Ready) -> str:
    """The page of its results."""
    kind = None if saved.kind == _USUAL_KIND else saved.kind
    return url_for("search.search", type=kind, q=saved.query, sort=saved.order or None)


@blueprint.context_processor
def _for_pages_of_search() -> dict[str, object]:
    # A function, since only the pages with a box ask: the rest of this blueprint is for programs.
    given = {"saved_address": _address_of, "longest_name": actions.LONGEST_NAME}
    return {"list_saved": _list, "ready_searches": READY, **given}


def _list() -> Sequence[SavedSearch]:
    return list_saved(web.session(), web.viewer())


def _page(form: Form | None = None, *, renamed: Form | None = None, renamed_id: int | None = None) -> str:
    return render("search/saved.html", form=form, renamed=renamed, renamed_id=renamed_id, saved=_list())
