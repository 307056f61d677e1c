"""The page on which newcomers make an account."""

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from hub.accounts import signing_up
from hub.accounts.blueprint import blueprint
from hub.accounts.sign_in import login
from hub.errors import text
from hub.web import forms, notices
from hub.web import request as web
from hub.web.answers import refused_page, secret_page
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import public_page


@blueprint.get("/sign-up")
@public_page()
def sign_up() -> ResponseReturnValue:
    """The form for newcomers; whoever is signed in needs none."""
    signing_up.require_open(web.config())
    if web.viewer().is_signed_in:
        return redirect(url_for("pages.home"))
    return secret_page(_page(Form()))


@blueprint.post("/sign-up")
@public_page(own_transactions=True)
def submit_sign_up() -> ResponseReturnValue:
    """Makes the account, and signs its person in unless somebody has to approve it first."""
    form = forms.read("name", "email", "password")
    try:
        secret = signing_up.sign_up(
            web.database(),
            name=form.text("name"),
            email=form.text("email"),
            password=form.text("password"),
            origin=login.origin(),
        )
    except REFUSALS as error:
        return refused_page(_page(form.refuse(error)), error)
    if secret is None:
        notices.add(
            "wait",
            text("Your account is made. It waits for approval."),
            text("An administrator looks at it; sign in here once they have approved it."),
        )
        return redirect(url_for("accounts.sign_in"))
    login.enter_by_secret(secret)
    notices.add("ok", text("Your account is made, and you are signed in."))
    return redirect(url_for("pages.home"))


def _page(form: Form) -> str:
    config = web.config()
    return render(
        "accounts/sign_up.html",
        form=form,
        needs_approval=config.sign_up == "approval",
        max_push_bytes=config.max_push_bytes,
        max_object_bytes=config.max_object_bytes,
    )
