"""The pages on which somebody decides how they sign in: password, authenticator app, recovery codes."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.accounts.blueprint import blueprint
from hub.accounts.sign_in import ceremonies, login, passkeys, passwords, proving, recovery, totp
from hub.errors import text
from hub.web import forms, notices
from hub.web import request as web
from hub.web.answers import refused_page, secret_page
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import needs


@blueprint.get("/settings/sign-in")
@needs(Scope.ACCOUNT, sign_in=True)
def sign_in_settings() -> ResponseReturnValue:
    """Every way in that the viewer has, and what can be turned on."""
    session, viewer = web.session(), web.viewer()
    return render(
        "accounts/sign_in_settings.html",
        ways=proving.find_ways(session, viewer),
        passkeys=passkeys.list_own(session, viewer),
        codes_left=recovery.count_left(session, login.me().id),
        passkey=ceremonies.offer(),
    )


@blueprint.post("/settings/sign-in/app/begin")
@needs(Scope.ACCOUNT, proved=True)
def begin_app() -> ResponseReturnValue:
    """Makes the secret that an authenticator app is to be told."""
    login.secret_of_browser()
    totp.begin(web.session(), web.viewer())
    return redirect(url_for("accounts.set_up_app"))


@blueprint.get("/settings/sign-in/app")
@needs(Scope.ACCOUNT, proved=True)
def set_up_app() -> ResponseReturnValue:
    """The secret, as a picture and as text, and the form for the first code."""
    login.secret_of_browser()
    return secret_page(_app_page(Form()))


@blueprint.post("/settings/sign-in/app")
@needs(Scope.ACCOUNT, proved=True)
def confirm_app() -> ResponseReturnValue:
    """Turns the app on. With the first second step the answer shows the recovery codes, only here."""
    form = forms.read("code")
    try:
        codes = totp.confirm(
            web.session(), web.viewer(), code=form.text("code"), browser=login.secret_of_browser()
        )
    except REFUSALS as error:
        return refused_page(_app_page(form.refuse(error)), error)
    if codes:
        return secret_page(render("accounts/recovery_codes.html", codes=codes))
    notices.add("ok", text("The authenticator app is on. Every other browser is signed out."))
    return redirect(url_for("accounts.sign_in_settings"))


def _app_page(form: Form) -> str:
    return render("accounts/app.html", form=form, setup=totp.get_setup(web.session(), web.viewer()))


@blueprint.post("/settings/sign-in/app/off")
@needs(Scope.ACCOUNT, proved=True)
def turn_app_off() -> ResponseReturnValue:
    """Turns the app off."""
    totp.turn_off(web.session(), web.viewer(), browser=login.secret_of_browser())
    notices.add("ok", text("The authenticator app is off. Every other browser is signed out."))
    return redirect(url_for("accounts.sign_in_settings"))


@blueprint.post("/settings/sign-in/recovery-codes")
@needs(Scope.ACCOUNT, proved=True)
def make_recovery_codes() -> ResponseReturnValue:
    """Makes the codes anew. The answer is the page itself: only here are they known."""
    login.secret_of_browser()
    codes = recovery.make_anew(web.session(), web.viewer())
    return secret_page(render("accounts/recovery_codes.html", codes=codes))


@blueprint.get("/settings/password")
@needs(Scope.ACCOUNT, sign_in=True)
def password() -> ResponseReturnValue:
    """The form to change the password."""
    return secret_page(render("accounts/password.html", form=Form()))


@blueprint.post("/settings/password")
@needs(Scope.ACCOUNT, sign_in=True, own_transactions=True)
def submit_password() -> ResponseReturnValue:
    """Changes the password; this browser stays signed in, others do not."""
    form, is_browser = forms.read("current", "new"), request.headers.get("Authorization") is None
    try:
        secret = passwords.change_own(
            web.database(),
            web.viewer(),
            browser=login.secret() if is_browser else "",
            current=form.text("current"),
            new=form.text("new"),
            origin=login.origin(),
        )
    except REFUSALS as error:
        return refused_page(render("accounts/password.html", form=form.refuse(error)), error)
    if is_browser:
        login.enter_by_secret(secret)
    notices.add("ok", text("The password is changed. Every other browser is signed out."))
    return redirect(url_for("accounts.password"))
