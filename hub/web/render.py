"""Templates and what each of them may use."""

from typing import Final, Protocol

import flask
from flask import Flask
from jinja2 import StrictUndefined
from markupsafe import Markup, escape

from hub import __version__, assets
from hub.access import Permission, Role, Visibility, allowed
from hub.config import Config
from hub.web import csrf, notices, redirects, words
from hub.web.front import request_id
from hub.web.request import viewer_if_known

# Whoever has just signed in has nothing to do on these.
_FOR_STRANGERS: Final = frozenset(
    (
        "pages.home",
        "pages.through",
        "accounts.sign_in",
        "accounts.second_step",
        "accounts.sign_up",
        "accounts.set_up",
    )
)


class InRepository(Protocol):
    """What `can` asks of a repository on a page: the viewer's role there, and who may see it."""

    @property
    def role(self) -> Role | None:
        """The viewer's role there, where they have one."""

    @property
    def visibility(self) -> Visibility:
        """Who may see it."""

    @property
    def is_archived(self) -> bool:
        """Whether it is read-only."""


def install(app: Flask, config: Config) -> None:
    """Gives the templates their filters and what stands in every page."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        ago=words.ago,
        commands=mark_commands,
        full_date=words.full_date,
        full_time=words.full_time,
        in_words=words.translate,
    )
    app.jinja_env.globals.update(
        asset_url=asset_url,
        can=can,
        can_sign_up=config.sign_up != "closed",
        csrf_token=csrf.token,
        hub_name=config.name,
        hub_version=__version__,
        sign_in_url=sign_in_url,
    )
    app.context_processor(_of_this_request)


def mark_commands(sentence: str) -> Markup:
    """The sentence with what stands in backticks, as texts for terminals have it, marked as code."""
    pieces = sentence.split("`")
    if len(pieces) % 2 == 0:
        return escape(sentence)
    marked = [Markup("<code>{}</code>").format(one) if n % 2 else escape(one) for n, one in enumerate(pieces)]
    return Markup("").join(marked)


def _of_this_request() -> dict[str, object]:
    locale = words.locale()
    return {
        "viewer": viewer_if_known(),
        "request_id": request_id(),
        "flashes": notices.take(),
        "language": str(locale).replace("_", "-"),
        "direction": locale.text_direction,
    }


def render(template: str, /, **context: object) -> str:
    """The page of that template. A name that it uses and nobody gave is an error."""
    return flask.render_template(template, **context)


def asset_url(kind: str) -> str:
    """The address of the one stylesheet (`css`) or script (`js`)."""
    asset = {"css": assets.stylesheet, "js": assets.script}[kind]()
    return flask.url_for("assets.show", name=asset.name)


def sign_in_url() -> str:
    """Where to sign in; from most pages it leads back to them."""
    is_place = flask.request.method == "GET" and flask.request.endpoint not in _FOR_STRANGERS
    here = redirects.here() if is_place else None
    return flask.url_for("accounts.sign_in", next=here)


def can(permission: str, repository: InRepository) -> bool:
    """Whether the viewer may do this in the repository, for what a page offers; actions ask again."""
    return allowed(
        Permission(permission),
        role=repository.role,
        visibility=repository.visibility,
        is_signed_in=viewer_if_known().is_signed_in,
        is_archived=repository.is_archived,
    )
