"""The page on which somebody who is signed in proves again that it is them."""

from flask import redirect, request
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.accounts.blueprint import blueprint
from hub.accounts.sign_in import ceremonies, login, proving
from hub.web import forms, redirects
from hub.web import request as web
from hub.web.answers import refused_page, secret_page
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import needs


@blueprint.get("/-/prove")
@needs(Scope.ACCOUNT, sign_in=True)
def prove() -> ResponseReturnValue:
    """The ways to prove it, before the page that somebody wanted."""
    return secret_page(page(Form({"next": redirects.own_path(request.args.get("next", "")) or ""})))


@blueprint.post("/-/prove")
@needs(Scope.ACCOUNT, sign_in=True, own_transactions=True)
def submit_proof() -> ResponseReturnValue:
    """Takes the password, or a code of the app; the browser's sign-in has a new secret then."""
    form = forms.read("password", "code", "next")
    browser, origin = login.secret_of_browser(), login.origin()
    database, viewer = web.database(), web.viewer()
    code, password = form.text("code"), form.text("password")
    try:
        secret = (
            proving.by_code(database, viewer, browser=browser, code=code, origin=origin)
            if code
            else proving.by_password(database, viewer, browser=browser, password=password, origin=origin)
        )
    except REFUSALS as error:
        return refused_page(page(form.refuse(error)), error)
    return go_on(secret, form)


def go_on(secret: str, form: Form) -> ResponseReturnValue:
    """Gives this browser its new secret and leads to the page that somebody wanted."""
    login.replace_secret(secret)
    return redirect(redirects.after(form.text("next")))


def page(form: Form) -> str:
    """The page with every way that the viewer has."""
    ways = proving.find_ways(web.session(), web.viewer())
    return render("accounts/prove.html", form=form, ways=ways, passkey=ceremonies.offer())
