"""The stylesheet and the script, under names that change with what is in them."""

from flask import Blueprint, Response

from hub import assets
from hub.errors import NotFound, text
from hub.web.scopes import public_page
from hub.web.security import IMMUTABLE

blueprint = Blueprint("assets", __name__)


@blueprint.get("/static/<name>")
@public_page()
def show(name: str) -> Response:
    """One asset; it never changes under its name, so nobody asks twice."""
    for asset in (assets.stylesheet(), assets.script(), assets.favicon()):
        if asset.name == name:
            return Response(asset.body, content_type=asset.content_type, headers={"Cache-Control": IMMUTABLE})
    raise NotFound(
        text("There is no file of this name."),
        text("The hub may have been updated since the page was loaded."),
        text("Load the page again."),
    )
