"""The pages on which people sign in and out."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from hub.accounts import actions
from hub.accounts.blueprint import blueprint
from hub.accounts.models import ChallengePurpose
from hub.accounts.sign_in import ceremonies, login, sessions
from hub.accounts.sign_in import steps as signing_in
from hub.errors import text
from hub.web import forms, notices, redirects
from hub.web import request as web
from hub.web.answers import refused_page, secret_page
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import public_page


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
        step = signing_in.by_password(
            web.database(), name=form.text("name"), password=form.text("password"), origin=login.origin()
        )
    except REFUSALS as error:
        return refused_page(_sign_in_page(form.refuse(error)), error)
    if not step.is_in:
        login.keep_question(ChallengePurpose.SECOND_STEP, step.secret)
        return redirect(url_for("accounts.second_step", next=redirects.own_path(form.text("next"))))
    login.enter_by_secret(step.secret)
    return redirect(redirects.after(form.text("next")))


def _sign_in_page(form: Form) -> str:
    return render("accounts/sign_in.html", form=form, passkey=ceremonies.offer())


@blueprint.get("/login/second-step")
@public_page()
def second_step() -> ResponseReturnValue:
    """The form for a code, for whoever gave the right password just now; others begin at the beginning."""
    wanted = redirects.own_path(request.args.get("next", ""))
    question = login.question(ChallengePurpose.SECOND_STEP)
    if web.viewer().is_signed_in:
        return redirect(redirects.after(wanted or ""))
    if signing_in.find_asked(web.session(), question) is None:
        return redirect(url_for("accounts.sign_in", next=wanted))
    return secret_page(_second_step_page(Form({"next": wanted or ""})))


@blueprint.post("/login/second-step")
@public_page(own_transactions=True)
def submit_second_step() -> ResponseReturnValue:
    """Signs the person in by a code of their app or of recovery."""
    form = forms.read("code", "next")
    try:
        secret = signing_in.by_code(
            web.database(),
            question=login.question(ChallengePurpose.SECOND_STEP),
            code=form.text("code"),
            origin=login.origin(),
        )
    except REFUSALS as error:
        return refused_page(_second_step_page(form.refuse(error)), error)
    login.enter_by_secret(secret)
    return redirect(redirects.after(form.text("next")))


def _second_step_page(form: Form) -> str:
    question = login.question(ChallengePurpose.SECOND_STEP)
    return render(
        "accounts/second_step.html",
        form=form,
        ways=signing_in.find_ways(web.session(), question),
        passkey=ceremonies.offer(),
    )


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
