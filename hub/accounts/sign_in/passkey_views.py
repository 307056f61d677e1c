"""Passkeys on the pages: signing in with one, proving by one, adding, naming and removing them."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.accounts.blueprint import blueprint
from hub.accounts.models import ChallengePurpose
from hub.accounts.sign_in import browsers, ceremonies, login, passkeys, proving, proving_views
from hub.accounts.sign_in import steps as signing_in
from hub.errors import text
from hub.web import forms, notices, redirects
from hub.web import request as web
from hub.web.answers import refused_page, secret_page
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import needs, public_page
from hub.web.words import translate


@blueprint.post("/login/passkey/question")
@public_page(own_transactions=True)
def ask_passkey() -> ResponseReturnValue:
    """The question that a passkey is to sign for a sign-in."""
    secret, question = signing_in.ask_passkey(
        web.database(),
        ceremonies.place(),
        question=login.question(ChallengePurpose.SECOND_STEP),
        former=login.question(ChallengePurpose.PASSKEY_SIGN_IN),
        origin=login.origin(),
    )
    return ceremonies.put(ChallengePurpose.PASSKEY_SIGN_IN, secret, question)


@blueprint.post("/login/passkey")
@public_page(own_transactions=True)
def submit_passkey() -> ResponseReturnValue:
    """Signs the person of the passkey in; it stands for both steps."""
    form = forms.read("answer", "next")
    try:
        secret = signing_in.by_passkey(
            web.database(),
            ceremonies.place(),
            question=login.question(ChallengePurpose.PASSKEY_SIGN_IN),
            answer=form.text("answer"),
            origin=login.origin(),
        )
    except REFUSALS as error:
        form.values.pop("answer")
        page = render("accounts/sign_in.html", form=form.refuse(error), passkey=ceremonies.offer())
        return refused_page(page, error)
    login.enter_by_secret(secret)
    return redirect(redirects.after(form.text("next")))


@blueprint.post("/-/prove/passkey/question")
@needs(Scope.ACCOUNT, sign_in=True)
def ask_passkey_for_proof() -> ResponseReturnValue:
    """The question that a passkey is to sign for a proof."""
    secret, question = proving.ask_passkey(
        web.session(), web.viewer(), ceremonies.place(), former=login.question(ChallengePurpose.PROVE)
    )
    return ceremonies.put(ChallengePurpose.PROVE, secret, question)


@blueprint.post("/-/prove/passkey")
@needs(Scope.ACCOUNT, sign_in=True, own_transactions=True)
def submit_proof_by_passkey() -> ResponseReturnValue:
    """Takes a passkey's answer for a proof."""
    form = forms.read("answer", "next")
    try:
        secret = proving.by_passkey(
            web.database(),
            web.viewer(),
            ceremonies.place(),
            browser=login.secret_of_browser(),
            question=login.question(ChallengePurpose.PROVE),
            answer=form.text("answer"),
            origin=login.origin(),
        )
    except REFUSALS as error:
        return refused_page(proving_views.page(form.refuse(error)), error)
    return proving_views.go_on(secret, form)


@blueprint.get("/settings/sign-in/passkeys/new")
@needs(Scope.ACCOUNT, proved=True)
def new_passkey() -> ResponseReturnValue:
    """The form to make a passkey in this browser or in a device that it reaches."""
    return secret_page(_new_page(Form({"title": translate(browsers.describe(request.user_agent.string))})))


@blueprint.post("/settings/sign-in/passkeys/question")
@needs(Scope.ACCOUNT, proved=True)
def ask_for_new_passkey() -> ResponseReturnValue:
    """The question with which a browser makes a passkey."""
    login.secret_of_browser()
    secret, question = passkeys.begin(
        web.session(), web.viewer(), ceremonies.place(), former=login.question(ChallengePurpose.PASSKEY_ADD)
    )
    return ceremonies.put(ChallengePurpose.PASSKEY_ADD, secret, question)


@blueprint.post("/settings/sign-in/passkeys")
@needs(Scope.ACCOUNT, proved=True)
def add_passkey() -> ResponseReturnValue:
    """Registers the passkey. With the first second step the answer shows the recovery codes, only here."""
    form = forms.read("answer", "title")
    try:
        codes = passkeys.add(
            web.session(),
            web.viewer(),
            ceremonies.place(),
            question=login.question(ChallengePurpose.PASSKEY_ADD),
            answer=form.text("answer"),
            title=form.text("title"),
            browser=login.secret_of_browser(),
        )
    except REFUSALS as error:
        return refused_page(_new_page(form.refuse(error)), error)
    if codes:
        return secret_page(render("accounts/recovery_codes.html", codes=codes))
    notices.add("ok", text("The passkey is added. Every other browser is signed out."))
    return redirect(url_for("accounts.sign_in_settings"))


def _new_page(form: Form) -> str:
    return render("accounts/new_passkey.html", form=form, passkey=ceremonies.offer())


@blueprint.post("/settings/sign-in/passkeys/<int(max=2147483647):passkey_id>/rename")
@needs(Scope.ACCOUNT, sign_in=True)
def rename_passkey(passkey_id: int) -> ResponseReturnValue:
    """Gives a passkey another name."""
    login.secret_of_browser()
    title = forms.read("title").text("title")
    passkeys.rename(web.session(), web.viewer(), passkey_id=passkey_id, title=title)
    notices.add("ok", text("The passkey has another name."))
    return redirect(url_for("accounts.sign_in_settings"))


@blueprint.post("/settings/sign-in/passkeys/<int(max=2147483647):passkey_id>/remove")
@needs(Scope.ACCOUNT, proved=True)
def remove_passkey(passkey_id: int) -> ResponseReturnValue:
    """Removes a passkey."""
    passkeys.remove(web.session(), web.viewer(), passkey_id=passkey_id, browser=login.secret_of_browser())
    notices.add("ok", text("The passkey is removed. Every other browser is signed out."))
    return redirect(url_for("accounts.sign_in_settings"))
