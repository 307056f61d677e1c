"""The page on which somebody who is signed in proves again that it is them."""

import flask
from flask import redirect, request
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.accounts import login, proving
from hub.accounts.blueprint import blueprint
from hub.web import forms, redirects, security
from hub.web import request as web
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import needs


@blueprint.get("/-/prove")
@needs(Scope.ACCOUNT, sign_in=True)
def prove() -> ResponseReturnValue:
    """The ways to prove it, before the page that somebody wanted."""
    return _page(Form({"next": redirects.own_path(request.args.get("next", "")) or ""}))


@blueprint.post("/-/prove")
@needs(Scope.ACCOUNT, sign_in=True, own_transactions=True)
def submit_proof() -> ResponseReturnValue:
    """Takes the password; the browser's sign-in has a new secret then."""
    form = forms.read("password", "next")
    try:
        secret = proving.prove_by_password(
            web.database(),
            web.viewer(),
            secret=login.secret(),
            password=form.text("password"),
            origin=login.origin(),
        )
    except REFUSALS as error:
        return _page(form.refuse(error)), error.status, dict(error.headers)
    login.replace_secret(secret)
    return redirect(redirects.after(form.text("next")))


def _page(form: Form) -> flask.Response:
    response = flask.make_response(render("accounts/prove.html", form=form))
    response.headers["Cache-Control"] = security.SECRET
    return response
