"""The commits of a change, and all of a patch set as text for whoever takes it with curl."""

from typing import Final

from flask import redirect
from flask.typing import ResponseReturnValue

from hub.access import Scope, Visibility
from hub.repos.browsing.diffs.patch_texts import open_range_text
from hub.repos.queries import head_of
from hub.reviews.addresses import change_address
from hub.reviews.blueprint import blueprint, open_change
from hub.reviews.commits import list_commits
from hub.reviews.shell import change_head
from hub.web import answers
from hub.web import request as web
from hub.web.render import render
from hub.web.scopes import needs

_CHANGE: Final = "/<owner>/<name>/changes/<int(max=2147483647):number>"


@blueprint.get(f"{_CHANGE}/commits", defaults={"label": None})
@blueprint.get(f"{_CHANGE}/commits/<label>")
@needs(Scope.REPOSITORY_READ)
def show_commits(owner: str, name: str, number: int, label: str | None) -> ResponseReturnValue:
    """The commits of the newest patch set or of the one that is called so, the newest commit last."""
    opened = open_change(owner, name, number)
    head = change_head(web.session(), web.viewer(), opened)
    version = head.newest if label is None else head.version(label)
    return render(
        "reviews/commits.html",
        repository=head_of(web.session(), web.viewer(), opened.repository),
        change=head,
        version=version,
        commits=list_commits(web.session(), opened, version),
    )


@blueprint.get(f"{_CHANGE}.patch", defaults={"kind": "patch"})
@blueprint.get(f"{_CHANGE}.diff", defaults={"kind": "diff"})
@needs(Scope.REPOSITORY_READ)
def newest_text(owner: str, name: str, number: int, kind: str) -> ResponseReturnValue:
    """Leads to the text of the newest patch set."""
    opened = open_change(owner, name, number)
    newest = change_head(web.session(), web.viewer(), opened).newest
    return redirect(change_address(opened.repository, number, f"commits/{newest.label}.{kind}"))


@blueprint.get(f"{_CHANGE}/commits/<label>.patch", defaults={"kind": "patch"})
@blueprint.get(f"{_CHANGE}/commits/<label>.diff", defaults={"kind": "diff"})
@needs(Scope.REPOSITORY_READ)
def version_text(owner: str, name: str, number: int, label: str, kind: str) -> ResponseReturnValue:
    """A patch set as text: patches for git-am(1), or one bare diff."""
    opened = open_change(owner, name, number)
    version = change_head(web.session(), web.viewer(), opened).version(label)
    is_public = opened.repository.visibility is Visibility.PUBLIC
    etag = f"{version.base_id}-{version.commit_id}-{kind}"
    known = answers.unchanged(etag=etag, is_public=is_public)
    if known is not None:
        return known
    file = open_range_text(
        web.session(), opened.repository, version.base_id, version.commit_id, is_patch=kind == "patch"
    )
    return answers.fixed_text(file, etag=etag, is_public=is_public)
