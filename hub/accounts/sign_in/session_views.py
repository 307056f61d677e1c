"""The page of the browsers in which somebody is signed in."""

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.accounts.blueprint import blueprint
from hub.accounts.sign_in import login, sessions
from hub.errors import text
from hub.web import notices
from hub.web import request as web
from hub.web.render import render
from hub.web.scopes import needs


@blueprint.get("/settings/sessions")
@needs(Scope.ACCOUNT, sign_in=True)
def list_sessions() -> ResponseReturnValue:
    """The viewer's browsers, this one first."""
    rows = sessions.list_own(web.session(), web.viewer(), secret=login.secret())
    return render("accounts/sessions.html", rows=rows)


@blueprint.post("/settings/sessions/<int(max=2147483647):sign_in_id>/end")
@needs(Scope.ACCOUNT, sign_in=True)
def end_session(sign_in_id: int) -> ResponseReturnValue:
    """Signs one browser out."""
    sessions.end_one(web.session(), web.viewer(), sign_in_id=sign_in_id)
    notices.add("ok", text("The browser is signed out."))
    return redirect(url_for("accounts.list_sessions"))


@blueprint.post("/settings/sessions/end-others")
@needs(Scope.ACCOUNT, sign_in=True)
def end_other_sessions() -> ResponseReturnValue:
    """Signs every browser out but this one."""
    sessions.end_others(web.session(), web.viewer(), secret=login.secret())
    notices.add("ok", text("Every other browser is signed out."))
    return redirect(url_for("accounts.list_sessions"))
