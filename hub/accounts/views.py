"""The pages about signing in and about one's own password."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.accounts import actions, login, sessions
from hub.accounts.blueprint import blueprint
from hub.accounts.credentials import find_sign_in
from hub.errors import text
from hub.web import forms, notices, redirects
from hub.web import request as web
from hub.web.answers import refused_page, secret_page
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import needs, public_page


@blueprint.get("/login")
@public_page()
def sign_in() -> ResponseReturnValue:
    """The form to sign in; whoever is signed in goes on to where they wanted."""
    wanted = request.args.get("next", "")
    if web.viewer().is_signed_in:
        return redirect(redirects.after(wanted))
    return _sign_in_page(Form({"next": redirects.own_path(wanted) or ""}))


@blueprint.post("/login")
@public_page(own_transactions=True)
def submit_sign_in() -> ResponseReturnValue:
    """Signs the person in."""
    form = forms.read("name", "password", "next")
    try:
        secret = sessions.sign_in(
            web.database(), name=form.text("name"), password=form.text("password"), origin=login.origin()
        )
    except REFUSALS as error:
        return refused_page(_sign_in_page(form.refuse(error)), error)
    _enter(secret)
    return redirect(redirects.after(form.text("next")))


def _sign_in_page(form: Form) -> str:
    return render("accounts/sign_in.html", form=form, next=form.values.get("next", ""))


def _enter(secret: str) -> None:
    # A reading session sees what was committed before it began: it begins anew.
    web.session().close()
    use = find_sign_in(web.session(), secret)
    assert use is not None, "the sign-in was made a moment ago"
    login.enter(use.user, secret)


@blueprint.post("/logout")
@public_page()
def sign_out() -> ResponseReturnValue:
    """Ends this browser's sign-in."""
    sessions.end(web.session(), login.leave())
    notices.add("ok", text("You are signed out."))
    return redirect(url_for("pages.home"))


@blueprint.get("/-/setup/<code>")
@public_page()
def set_up(code: str) -> ResponseReturnValue:
    """The form for the first administrator, for whoever holds the code."""
    actions.check_setup_code(web.session(), code)
    return secret_page(render("accounts/set_up.html", form=Form(), next=""))


@blueprint.post("/-/setup/<code>")
@public_page()
def submit_set_up(code: str) -> ResponseReturnValue:
    """Makes the first administrator and signs them in."""
    form = forms.read("name", "email", "password")
    try:
        user = actions.use_setup_code(
            web.session(),
            code,
            name=form.text("name"),
            email=form.text("email"),
            password=form.text("password"),
        )
    except REFUSALS as error:
        return refused_page(render("accounts/set_up.html", form=form.refuse(error), next=""), error)
    login.enter(user, sessions.start(web.session(), user, login.origin()))
    notices.add("ok", text("You administer this hub now."))
    return redirect(url_for("pages.home"))


@blueprint.get("/settings/password")
@needs(Scope.ACCOUNT, sign_in=True)
def password() -> ResponseReturnValue:
    """The form to change the password."""
    return secret_page(render("accounts/password.html", form=Form()))


@blueprint.post("/settings/password")
@needs(Scope.ACCOUNT, sign_in=True, own_transactions=True)
def submit_password() -> ResponseReturnValue:
    """Changes the password; this browser stays signed in, others do not."""
    form = forms.read("current", "new")
    try:
        secret = sessions.change_own_password(
            web.database(),
            web.viewer(),
            current=form.text("current"),
            new=form.text("new"),
            origin=login.origin(),
        )
    except REFUSALS as error:
        return refused_page(render("accounts/password.html", form=form.refuse(error)), error)
    if request.headers.get("Authorization") is None:
        _enter(secret)
    notices.add("ok", text("The password is changed. Every other browser is signed out."))
    return redirect(url_for("accounts.password"))
