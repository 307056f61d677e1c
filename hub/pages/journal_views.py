"""The administrators' page about journals: what waits to be written, and what was found damaged."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.accounts.blueprint import blueprint
from hub.accounts.people import require_administrator
from hub.errors import text
from hub.journal import overseeing
from hub.web import forms, notices
from hub.web import request as web
from hub.web.answers import secret_page
from hub.web.render import render
from hub.web.scopes import needs


@blueprint.get("/admin/journal")
@needs(Scope.ADMIN, sign_in=True)
def show_journals() -> ResponseReturnValue:
    """What was found damaged, or with `?show=journals` the journal of each repository."""
    session, viewer = web.session(), web.viewer()
    require_administrator(viewer)
    page, is_about_all = forms.page_number(), request.args.get("show") == "journals"
    list_them = overseeing.list_journals if is_about_all else overseeing.list_damage
    return secret_page(
        render(
            "admin/journals.html" if is_about_all else "admin/journal_damage.html",
            counts=overseeing.count_journals(session),
            found=list_them(session, page=page),
        )
    )


@blueprint.post("/admin/journal/damage/<int:damage_id>/acknowledge")
@needs(Scope.ADMIN, sign_in=True)
def acknowledge_damage(damage_id: int) -> ResponseReturnValue:
    """Notes that an administrator has looked at it."""
    session, viewer = web.session(), web.viewer()
    require_administrator(viewer)
    overseeing.acknowledge(session, viewer, damage_id)
    notices.add("ok", text("Noted. It stays in the list, behind what is new."))
    return redirect(url_for("accounts.show_journals"))
