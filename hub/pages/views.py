"""Pages made of several features: the first one, an owner's, the manual."""

import functools
from typing import Final

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from hub import assets
from hub import config as settings
from hub.access import Scope
from hub.accounts.models import PrincipalKind
from hub.accounts.queries import describe, get_shown
from hub.errors import Moved, NotFound, Text, text
from hub.repos import activity
from hub.repos import lists as repositories
from hub.repos.addresses import http_address
from hub.repos.lists import Order
from hub.repos.settings import people
from hub.reviews import mine
from hub.web import gate, redirects
from hub.web import request as web
from hub.web.answers import secret_page
from hub.web.forms import page_number
from hub.web.render import render
from hub.web.scopes import needs, public_page
from hub.web.words import translate

blueprint = Blueprint("pages", __name__)

# How much of a list the first page and an owner's page show.
_PUSHES: Final = 8
_REPOSITORIES: Final = 5
_CHANGES: Final = 5

# The overviews, the pages of default branches and single commits are open. Robots are asked to leave out what
# there is as often as commits times files, lists turned over and sorted anew, and what only people act on.
_ROBOTS: Final = """\
User-agent: *
Disallow: /-/
Disallow: /admin$
Disallow: /admin/
Disallow: /api/
Disallow: /login
Disallow: /settings/
Disallow: /sign-up
Disallow: /*?
Disallow: /*/*/archive/
Disallow: /*/*/blame/
Disallow: /*/*/commits/*/*/
Disallow: /*/*/compare/
Disallow: /*/*/find/
Disallow: /*/*/media/
Disallow: /*/*/outline/
Disallow: /*/*/raw/
Disallow: /*/*/src/commit/
Disallow: /*/*/commit/*.diff
Disallow: /*/*/commit/*.patch
"""


@blueprint.get("/")
@needs(Scope.REPOSITORY_READ)
def home() -> ResponseReturnValue:
    """The viewer's repositories; for strangers what this hub is, and what happens on it."""
    session, viewer = web.session(), web.viewer()
    pushes = activity.list_pushes(session, viewer, limit=_PUSHES)
    if not viewer.is_signed_in:
        most_stars = repositories.list_first(session, viewer, Order.STARS, limit=_REPOSITORIES)
        return render(
            "pages/welcome.html",
            pushes=pushes,
            total=repositories.count_visible(session, viewer),
            starred=[one for one in most_stars if one.stars],
            newest=repositories.list_first(session, viewer, Order.NEWEST, limit=_REPOSITORIES),
            about=web.config().about,
            sign_up=web.config().sign_up,
            clone_url=http_address(web.base_url(), pushes[0].path) if pushes else None,
        )
    return render(
        "pages/home.html",
        pushes=pushes,
        mine=repositories.list_mine(session, viewer),
        public=repositories.list_public_of_others(session, viewer, page=page_number()),
        invitations=people.list_invitations(session, viewer),
        waiting=mine.list_waiting(session, viewer, limit=_CHANGES),
    )


@blueprint.get("/<owner>")
@needs(Scope.REPOSITORY_READ)
def show_owner(owner: str) -> ResponseReturnValue:
    """Whoever owns repositories, those of them that the viewer may see, and what they pushed last."""
    session, viewer = web.session(), web.viewer()
    found = get_shown(session, viewer, owner)
    if owner != found.name:
        raise Moved(owner, found.name)
    narrowed = repositories.read_filter(request.args)
    shown = describe(viewer, found)
    is_person = shown.kind is PrincipalKind.PERSON
    list_pushes = activity.list_pushes_by if is_person else activity.list_pushes_to_owner
    return render(
        "accounts/owner.html",
        owner=shown,
        repositories=repositories.list_visible(session, viewer, narrowed, owner=found, page=page_number()),
        narrowed=narrowed,
        pushes=[] if shown.is_deleted else list_pushes(session, viewer, found, limit=_PUSHES),
    )


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
