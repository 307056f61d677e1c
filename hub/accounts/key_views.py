"""The page of one's own SSH keys."""

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.accounts import key_actions, queries
from hub.accounts.blueprint import blueprint
from hub.accounts.models import User
from hub.accounts.sign_in import login
from hub.errors import text
from hub.web import forms, notices
from hub.web import request as web
from hub.web.answers import refused_page
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import needs


@blueprint.get("/settings/keys")
@needs(Scope.ACCOUNT, proved=True)
def keys() -> ResponseReturnValue:
    """The viewer's SSH keys and the form to add one."""
    return _keys_page(login.me(), Form())


@blueprint.post("/settings/keys")
@needs(Scope.ACCOUNT, proved=True)
def add_key() -> ResponseReturnValue:
    """Registers a public key."""
    form = forms.read("title", "key")
    user = login.me()
    try:
        key = key_actions.add_key(
            web.session(), web.viewer(), user, title=form.text("title"), text=form.text("key")
        )
    except REFUSALS as error:
        # A private key that was pasted by mistake must not travel back, nor stay in the page.
        form.values["key"] = "" if "PRIVATE" in form.text("key") else form.text("key")
        return refused_page(_keys_page(user, form.refuse(error)), error)
    notices.add("ok", text("The key “%(title)s” is added.", title=key.title))
    return redirect(url_for("accounts.keys"))


@blueprint.post("/settings/keys/<int(max=2147483647):key_id>/remove")
@needs(Scope.ACCOUNT, sign_in=True)
def remove_key(key_id: int) -> ResponseReturnValue:
    """Takes one of the viewer's keys back."""
    key_actions.remove_key(web.session(), web.viewer(), login.me(), key_id=key_id)
    notices.add("ok", text("The key is removed."))
    return redirect(url_for("accounts.keys"))


def _keys_page(user: User, form: Form) -> str:
    return render("accounts/keys.html", keys=queries.list_keys(web.session(), user), form=form)
