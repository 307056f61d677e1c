"""Pages made of several features: the first one, an owner's, the manual."""

import functools

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from hub import assets
from hub import config as settings
from hub.access import Scope
from hub.accounts.queries import describe, get_shown
from hub.errors import Moved, NotFound, Text, text
from hub.repos import lists as repositories
from hub.repos.settings import people
from hub.web import gate, redirects
from hub.web import request as web
from hub.web.answers import secret_page
from hub.web.forms import page_number
from hub.web.render import render
from hub.web.scopes import needs, public_page
from hub.web.words import translate

blueprint = Blueprint("pages", __name__)

# Pages of single objects are many and each costs work: a crawler is asked to stay with the overviews.
_ROBOTS = """\
User-agent: *
Disallow: /login
Disallow: /settings/
Disallow: /-/
Disallow: /*?page=
"""


@blueprint.get("/")
@needs(Scope.REPOSITORY_READ)
def home() -> ResponseReturnValue:
    """The viewer's repositories, and the public ones."""
    session, viewer = web.session(), web.viewer()
    if not viewer.is_signed_in:
        public = repositories.list_visible(session, viewer, page=page_number())
        return render("pages/home.html", mine=None, public=public, invitations=[])
    return render(
        "pages/home.html",
        mine=repositories.list_mine(session, viewer),
        public=repositories.list_public_of_others(session, viewer, page=page_number()),
        invitations=people.list_invitations(session, viewer),
    )


@blueprint.get("/<owner>")
@needs(Scope.REPOSITORY_READ)
def show_owner(owner: str) -> ResponseReturnValue:
    """Whoever owns repositories, and those of them that the viewer may see."""
    session, viewer = web.session(), web.viewer()
    found = get_shown(session, viewer, owner)
    if owner != found.name:
        raise Moved(owner, found.name)
    visible = repositories.list_visible(session, viewer, owner=found, page=page_number())
    return render("accounts/owner.html", owner=describe(viewer, found), repositories=visible)


@blueprint.get("/help")
@public_page()
def help_index() -> ResponseReturnValue:
    """The manual's table of contents."""
    return render("help/index.html")


@blueprint.get("/help/<page>")
@public_page()
def help_page(page: str) -> ResponseReturnValue:
    """One page of the manual."""
    if page not in _help_pages():
        raise NotFound(
            text("The manual has no page “%(page)s”.", page=page),
            next_step=text("Its first page lists them all."),
        )
    return render(f"help/{page}.html", config_fields=_config_fields())


@functools.cache
def _help_pages() -> frozenset[str]:
    found = (assets.templates_directory() / "help").glob("*.html")
    return frozenset(path.stem for path in found if not path.stem.startswith("_")) - {"index"}


def _config_fields() -> list[tuple[str, str, str, str]]:
    return [
        (name, variable, default, translate(Text(help_text)))
        for name, variable, default, help_text in settings.documented()
    ]


@blueprint.get("/-/through")
@public_page()
def through() -> ResponseReturnValue:
    """Gives the browser the cookie that opens the gate, and a link to where its person wanted to go."""
    wanted = redirects.after(request.args.get("next", ""))
    response = secret_page(render("pages/through.html", wanted=wanted, days=gate.HOLDS_FOR.days))
    gate.let_through(response)
    return response


@blueprint.get("/robots.txt")
@public_page()
def robots() -> ResponseReturnValue:
    """What crawlers are asked to leave out."""
    return Response(_ROBOTS, content_type="text/plain; charset=utf-8")
