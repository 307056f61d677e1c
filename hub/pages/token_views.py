"""The page of one's own access tokens, which knows of repositories too."""

from datetime import timedelta
from typing import Final

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.accounts import queries, token_actions
from hub.accounts.blueprint import blueprint
from hub.accounts.models import User
from hub.accounts.sign_in import login
from hub.clock import now
from hub.errors import Text, text
from hub.repos import reach
from hub.web import forms, notices, words
from hub.web import request as web
from hub.web.answers import refused_page, secret_page
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import needs

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
_REACHES: Final[dict[str, tuple[Text, Text]]] = {
    "all": (text("All that you reach"), text("Those of today and those to come.")),
    "chosen": (text("Only these"), text("To read them, or to write to them; everything else is refused.")),
}
_EXPIRIES: Final[dict[str, Text]] = {
    "30": text("In 30 days"),
    "90": text("In 90 days"),
    "365": text("In a year"),
    "never": text("Never"),
}


@blueprint.get("/settings/tokens")
@needs(Scope.ACCOUNT, proved=True)
def tokens() -> ResponseReturnValue:
    """The viewer's tokens and the form to make one."""
    return secret_page(_tokens_page(login.me(), _fresh_form()))


@blueprint.post("/settings/tokens")
@needs(Scope.ACCOUNT, proved=True)
def create_token() -> ResponseReturnValue:
    """Makes a token. The answer is the page itself: only here is the secret known."""
    form = forms.read("label", "expiry", "reach", "repositories", many=("scopes",))
    user = login.me()
    try:
        secret = _create(user, form)
    except REFUSALS as error:
        return refused_page(_tokens_page(user, form.refuse(error)), error)
    return secret_page(_tokens_page(user, _fresh_form(), fresh_secret=secret))


def _create(user: User, form: Form) -> str:
    offered = [value for value, _, _ in _scope_choices()]
    days = form.text("expiry") if form.text("expiry") in _EXPIRIES else "90"
    is_limited = form.text("reach") == "chosen"
    _, secret = token_actions.create_token(
        web.session(),
        web.viewer(),
        user,
        label=form.text("label"),
        scopes=frozenset(Scope(one) for one in form.chosen("scopes") if one in offered),
        expires_at=None if days == "never" else now() + timedelta(days=int(days)),
        repositories=reach.find_ids(web.session(), user, form.text("repositories").split())
        if is_limited
        else None,
    )
    return secret


def _fresh_form() -> Form:
    return Form({"expiry": "90", "reach": "all"})


@blueprint.post("/settings/tokens/<int(max=2147483647):token_id>/revoke")
@needs(Scope.ACCOUNT, sign_in=True)
def revoke_token(token_id: int) -> ResponseReturnValue:
    """Revokes one of the viewer's tokens."""
    token_actions.revoke_token(web.session(), web.viewer(), login.me(), token_id=token_id)
    notices.add("ok", text("The token is revoked."))
    return redirect(url_for("accounts.tokens"))


def _tokens_page(user: User, form: Form, *, fresh_secret: str | None = None) -> str:
    return render(
        "accounts/tokens.html",
        tokens=queries.list_tokens(web.session(), user),
        reached=reach.paths_of_tokens(web.session(), user),
        fresh_secret=fresh_secret,
        form=form,
        scope_choices=_scope_choices(),
        reach_choices=[
            (value, words.translate(label), words.translate(hint))
            for value, (label, hint) in _REACHES.items()
        ],
        expiry_choices=[(value, words.translate(label)) for value, label in _EXPIRIES.items()],
    )


def _scope_choices() -> list[tuple[str, str, str]]:
    offered = _SCOPES | (_ADMIN_SCOPES if web.viewer().is_admin else {})
    return [
        (scope.value, words.translate(label), words.translate(hint))
        for scope, (label, hint) in offered.items()
    ]
