"""The pages on which people change their profile, address and name, end their account, and read its log."""

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.accounts import audit, leaving, names, profile_actions, queries
from hub.accounts.blueprint import blueprint
from hub.accounts.models import User
from hub.accounts.sign_in import login, throttle
from hub.errors import Conflict, Invalid, text
from hub.web import forms, notices, words
from hub.web import request as web
from hub.web.answers import refused_page, secret_page
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import needs


@blueprint.get("/settings/profile")
@needs(Scope.ACCOUNT, sign_in=True)
def profile() -> ResponseReturnValue:
    """The form for what others read on one's page."""
    me = login.me()
    form = Form({"display_name": me.display_name, "about": me.about, "website": me.website})
    return secret_page(render("accounts/profile.html", form=form))


@blueprint.post("/settings/profile")
@needs(Scope.ACCOUNT, sign_in=True)
def change_profile() -> ResponseReturnValue:
    """Changes what others read on one's page."""
    form = forms.read("display_name", "about", "website")
    try:
        profile_actions.change_profile(
            web.session(),
            web.viewer(),
            login.me(),
            display_name=form.text("display_name"),
            about=form.text("about"),
            website=form.text("website"),
        )
    except REFUSALS as error:
        return refused_page(render("accounts/profile.html", form=form.refuse(error)), error)
    notices.add("ok", text("Your profile is changed."))
    return redirect(url_for("accounts.profile"))


@blueprint.get("/settings/account")
@needs(Scope.ACCOUNT, proved=True)
def account() -> ResponseReturnValue:
    """The forms for one's address and name, and to delete the account."""
    return secret_page(_account_page(login.me()))


@blueprint.post("/settings/account/email")
@needs(Scope.ACCOUNT, proved=True, own_transactions=True)
def change_email() -> ResponseReturnValue:
    """Changes one's address."""
    form, viewer = forms.read("email"), web.viewer()
    try:
        # Counted although the change may be refused.
        with web.database().writing() as session:
            throttle.count_address(session, login.origin().address)
        with web.database().writing() as session:
            me = queries.get_self(session, viewer)
            profile_actions.change_email(session, viewer, me, email=form.text("email"))
    except REFUSALS as error:
        return refused_page(_account_page(login.me(), email=form.refuse(error)), error)
    notices.add("ok", text("Your e-mail address is changed."))
    return redirect(url_for("accounts.account"))


@blueprint.post("/settings/account/name")
@needs(Scope.ACCOUNT, proved=True)
def rename() -> ResponseReturnValue:
    """Changes one's name, once the old one was typed."""
    form, me = forms.read("name", "old_name"), login.me()
    try:
        require_typed(form, "old_name", me.name)
        profile_actions.rename(web.session(), web.viewer(), me, name=form.text("name"))
    except REFUSALS as error:
        return refused_page(_account_page(me, name=form.refuse(error)), error)
    web.forget_viewer()
    notices.add("ok", text("You are %(name)s now.", name=me.name))
    return redirect(url_for("accounts.account"))


@blueprint.post("/settings/account/delete")
@needs(Scope.ACCOUNT, proved=True)
def delete_account() -> ResponseReturnValue:
    """Ends one's account, once its name was typed."""
    form, me = forms.read("typed_name"), login.me()
    try:
        require_typed(form, "typed_name", me.name)
        leaving.delete_account(web.session(), web.viewer(), me)
    except (*REFUSALS, Conflict) as error:
        return refused_page(_account_page(me, deletion=form.refuse(error)), error)
    login.leave()
    notices.add("ok", text("Your account is deleted."))
    return redirect(url_for("pages.home"))


def require_typed(form: Form, field: str, name: str) -> None:
    """Raises Invalid unless the name was typed into that field of the form, in any case of its letters."""
    if names.key_of(form.text(field).strip()) != names.key_of(name):
        fault = text("Type %(name)s here to confirm.", name=name)
        raise Invalid(text("Nothing was changed."), {field: fault})


def _account_page(
    me: User, *, email: Form | None = None, name: Form | None = None, deletion: Form | None = None
) -> str:
    obstacles = leaving.list_obstacles(web.session(), me)
    return render(
        "accounts/account.html",
        name=me.name,
        email_form=email or Form({"email": me.email}),
        name_form=name or Form(),
        deletion_form=deletion or Form(),
        obstacles=[words.translate(one) for one in obstacles],
    )


@blueprint.get("/settings/log")
@needs(Scope.ACCOUNT, sign_in=True)
def own_log() -> ResponseReturnValue:
    """What happened to one's own account."""
    entries = audit.list_of_person(web.session(), login.me().id, page=forms.page_number())
    return secret_page(render("accounts/log.html", entries=entries))
