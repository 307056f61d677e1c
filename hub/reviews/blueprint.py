"""The blueprint that all pages of changes join, and how each page of one opens it."""

from flask import Blueprint, request

from hub.access import Permission
from hub.errors import Moved
from hub.reviews.addresses import change_address
from hub.reviews.changes import OpenedChange, get_change
from hub.web import request as web

blueprint = Blueprint("reviews", __name__)
blueprint.add_app_template_global(change_address)


def open_change(
    owner: str, name: str, number: int, *, need: Permission = Permission.SEE, locks: bool = False
) -> OpenedChange:
    """The change of a page, for a viewer who may do `need` in its repository.

    Raises what `get_change` raises, and Moved for an address in other letters' cases than the name has.
    """
    asked = f"{owner}/{name}"
    opened = get_change(web.session(), web.viewer(), asked, number, need=need, locks=locks)
    if request.method in web.SAFE_METHODS and asked != opened.repository.path:
        raise Moved(asked, opened.repository.path)
    return opened
