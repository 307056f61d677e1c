"""The blueprint that all pages of repositories join, and how each of them opens its repository."""

from flask import Blueprint, request

from hub.access import Permission
from hub.errors import Moved
from hub.repos.access import open_repository, require
from hub.repos.models import Repository
from hub.web import request as web

blueprint = Blueprint("repos", __name__)


def open_page(owner: str, name: str, *, need: Permission = Permission.SEE) -> Repository:
    """The repository of a page, for a viewer who may do `need` there.

    Raises what `open_repository` raises, and Moved for an address in other letters' cases than the name has.
    """
    repository = open_repository(web.session(), web.viewer(), f"{owner}/{name}", need=need)
    asked = f"{owner}/{name}"
    if request.method in web.SAFE_METHODS and asked != repository.path:
        raise Moved(asked, repository.path)
    return repository


def open_settings(owner: str, name: str) -> Repository:
    """The repository, for somebody who may see its settings: a maintainer, or who owns it once archived."""
    repository = open_page(owner, name)
    is_archived = repository.archived_at is not None
    need = Permission.ADMINISTER if is_archived else Permission.DESCRIBE
    require(web.session(), web.viewer(), repository, need)
    return repository
