"""The lists of branches and tags, and deleting from them."""

import os
from typing import Final
from urllib.parse import unquote_to_bytes

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from hub.access import Permission, Scope
from hub.errors import text
from hub.repos.blueprint import blueprint, open_page
from hub.repos.browsing.refs import branches, tags
from hub.repos.browsing.refs.ref_deletion import delete_ref
from hub.repos.browsing.spots import as_text
from hub.repos.names import BRANCHES, TAGS
from hub.repos.queries import head_of
from hub.repos.slots import Slot, pieces_of
from hub.web import forms, notices
from hub.web import request as web
from hub.web.forms import page_number
from hub.web.render import render
from hub.web.scopes import needs

_LONGEST_WANTED: Final = 200


@blueprint.get("/<owner>/<name>/branches")
@needs(Scope.REPOSITORY_READ)
def list_branches(owner: str, name: str) -> ResponseReturnValue:
    """The branches, the default one first; those whose name holds the words that were asked for."""
    repository = open_page(owner, name)
    session, viewer = web.session(), web.viewer()
    wanted = request.args.get("q", "").strip()[:_LONGEST_WANTED]
    found = branches.list_branches(session, viewer, repository, wanted=wanted, page=page_number())
    names = [one.spot.name for one in found.page.items]
    return render(
        "browsing/branches.html",
        repository=head_of(session, viewer, repository),
        branches=found,
        wanted=wanted,
        default_branch=repository.default_branch,
        pieces=pieces_of(Slot.BRANCHES, session, viewer, repository, names),
    )


@blueprint.get("/<owner>/<name>/tags")
@needs(Scope.REPOSITORY_READ)
def list_tags(owner: str, name: str) -> ResponseReturnValue:
    """The tags, the newest first."""
    repository = open_page(owner, name)
    session, viewer = web.session(), web.viewer()
    found = tags.list_tags(session, viewer, repository, page=page_number())
    head = head_of(session, viewer, repository)
    return render("browsing/tags.html", repository=head, tags=found)


@blueprint.get("/<owner>/<name>/releases")
@needs(Scope.REPOSITORY_READ)
def list_releases(owner: str, name: str) -> ResponseReturnValue:
    """Leads to the tags, which are what other forges make releases of."""
    repository = open_page(owner, name)
    return redirect(url_for("repos.list_tags", owner=repository.owner.name, name=repository.name))


@blueprint.post("/<owner>/<name>/branches/delete")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def delete_branch(owner: str, name: str) -> ResponseReturnValue:
    """Deletes a branch."""
    return _delete(owner, name, BRANCHES, "repos.list_branches")


@blueprint.post("/<owner>/<name>/tags/delete")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def delete_tag(owner: str, name: str) -> ResponseReturnValue:
    """Deletes a tag."""
    return _delete(owner, name, TAGS, "repos.list_tags")


def _delete(owner: str, name: str, prefix: str, page: str) -> ResponseReturnValue:
    repository = open_page(owner, name, need=Permission.PUSH)
    ref_name = unquote_to_bytes(forms.read("ref").text("ref"))
    ref = prefix.encode() + ref_name
    old_id = delete_ref(web.session(), web.viewer(), repository, ref)
    notices.add(
        "ok",
        text("%(name)s is deleted.", name=as_text(ref_name)),
        text(
            "It pointed at %(id)s. A clone that has this brings it back: git push origin %(id)s:%(ref)s",
            id=old_id,
            ref=as_text(os.fsencode(ref)),
        ),
    )
    return redirect(url_for(page, owner=repository.owner.name, name=repository.name))
