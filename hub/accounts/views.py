"""The pages about signing in and about one's own credentials."""

from datetime import timedelta
from typing import Final

import flask
from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.accounts import actions, login, queries, sessions
from hub.accounts.blueprint import blueprint
from hub.accounts.credentials import find_sign_in
from hub.accounts.models import User
from hub.clock import now
from hub.errors import HubError, Text, text
from hub.web import forms, notices, redirects, security, words
from hub.web import request as web
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import needs, public_page

_SCOPES: Final[dict[Scope, tuple[Text, Text]]] = {
    Scope.ALL: (text("Everything"), text("All that you may do yourself.")),
    Scope.REPOSITORY_READ: (text("Read repositories"), text("Clone and fetch what you may see.")),
    Scope.REPOSITORY_WRITE: (text("Write to repositories"), text("Push, create repositories, and read.")),
    Scope.ACCOUNT: (text("Your account"), text("Keys, tokens and settings.")),
}
_ADMIN_SCOPES: Final[dict[Scope, tuple[Text, Text]]] = {
    Scope.ADMIN: (text("Administration"), text("Accounts of others and the hub's settings.")),
    Scope.METRICS: (text("Metrics"), text("Read the hub's counters.")),
}
_EXPIRIES: Final[dict[str, Text]] = {
    "30": text("In 30 days"),
    "90": text("In 90 days"),
    "365": text("In a year"),
    "never": text("Never"),
}


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
        return _refused(_sign_in_page(form.refuse(error)), error)
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
    return _secret(render("accounts/set_up.html", form=Form(), next=""))


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
        return _refused(render("accounts/set_up.html", form=form.refuse(error), next=""), error)
    login.enter(user, sessions.start(web.session(), user, login.origin()))
    notices.add("ok", text("You administer this hub now."))
    return redirect(url_for("pages.home"))


@blueprint.get("/settings/tokens")
@needs(Scope.ACCOUNT, sign_in=True)
def tokens() -> ResponseReturnValue:
    """The viewer's tokens and the form to make one."""
    return _secret(_tokens_page(_me(), Form({"expiry": "90"})))


@blueprint.post("/settings/tokens")
@needs(Scope.ACCOUNT, sign_in=True)
def create_token() -> ResponseReturnValue:
    """Makes a token. The answer is the page itself: only here is the secret known."""
    form = forms.read("label", "expiry", many=("scopes",))
    user = _me()
    offered = [value for value, _, _ in _scope_choices()]
    days = form.text("expiry") if form.text("expiry") in _EXPIRIES else "90"
    try:
        _, secret = actions.create_token(
            web.session(),
            web.viewer(),
            user,
            label=form.text("label"),
            scopes=frozenset(Scope(one) for one in form.chosen("scopes") if one in offered),
            expires_at=None if days == "never" else now() + timedelta(days=int(days)),
        )
    except REFUSALS as error:
        return _refused(_tokens_page(user, form.refuse(error)), error)
    return _secret(_tokens_page(user, Form({"expiry": "90"}), fresh_secret=secret))


@blueprint.post("/settings/tokens/<int(max=2147483647):token_id>/revoke")
@needs(Scope.ACCOUNT, sign_in=True)
def revoke_token(token_id: int) -> ResponseReturnValue:
    """Revokes one of the viewer's tokens."""
    actions.revoke_token(web.session(), web.viewer(), _me(), token_id=token_id)
    notices.add("ok", text("The token is revoked."))
    return redirect(url_for("accounts.tokens"))


def _tokens_page(user: User, form: Form, *, fresh_secret: str | None = None) -> str:
    return render(
        "accounts/tokens.html",
        tokens=queries.list_tokens(web.session(), user),
        fresh_secret=fresh_secret,
        form=form,
        scope_choices=_scope_choices(),
        expiry_choices=[(value, words.translate(label)) for value, label in _EXPIRIES.items()],
    )


def _scope_choices() -> list[tuple[str, str, str]]:
    offered = _SCOPES | (_ADMIN_SCOPES if web.viewer().is_admin else {})
    return [
        (scope.value, words.translate(label), words.translate(hint))
        for scope, (label, hint) in offered.items()
    ]


@blueprint.get("/settings/keys")
@needs(Scope.ACCOUNT, sign_in=True)
def keys() -> ResponseReturnValue:
    """The viewer's SSH keys and the form to add one."""
    return _keys_page(_me(), Form())


@blueprint.post("/settings/keys")
@needs(Scope.ACCOUNT, sign_in=True)
def add_key() -> ResponseReturnValue:
    """Registers a public key."""
    form = forms.read("title", "key")
    user = _me()
    try:
        key = actions.add_key(
            web.session(), web.viewer(), user, title=form.text("title"), text=form.text("key")
        )
    except REFUSALS as error:
        # A private key that was pasted by mistake must not travel back, nor stay in the page.
        form.values["key"] = "" if "PRIVATE" in form.text("key") else form.text("key")
        return _refused(_keys_page(user, form.refuse(error)), error)
    notices.add("ok", text("The key “%(title)s” is added.", title=key.title))
    return redirect(url_for("accounts.keys"))


@blueprint.post("/settings/keys/<int(max=2147483647):key_id>/remove")
@needs(Scope.ACCOUNT, sign_in=True)
def remove_key(key_id: int) -> ResponseReturnValue:
    """Takes one of the viewer's keys back."""
    actions.remove_key(web.session(), web.viewer(), _me(), key_id=key_id)
    notices.add("ok", text("The key is removed."))
    return redirect(url_for("accounts.keys"))


def _keys_page(user: User, form: Form) -> str:
    return render("accounts/keys.html", keys=queries.list_keys(web.session(), user), form=form)


@blueprint.get("/settings/password")
@needs(Scope.ACCOUNT, sign_in=True)
def password() -> ResponseReturnValue:
    """The form to change the password."""
    return _secret(render("accounts/password.html", form=Form()))


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
        return _refused(render("accounts/password.html", form=form.refuse(error)), error)
    if request.headers.get("Authorization") is None:
        _enter(secret)
    notices.add("ok", text("The password is changed. Every other browser is signed out."))
    return redirect(url_for("accounts.password"))


def _me() -> User:
    return queries.get_self(web.session(), web.viewer())


def _secret(page: str) -> flask.Response:
    response = flask.make_response(page)
    response.headers["Cache-Control"] = security.SECRET
    return response


def _refused(page: str, error: HubError) -> flask.Response:
    response = _secret(page)
    response.status_code = error.status
    response.headers.update(error.headers)
    return response
