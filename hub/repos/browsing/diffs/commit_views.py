"""The page of a commit, and its change as text: a patch to apply, or the bare diff."""

from flask import redirect, request
from flask.typing import ResponseReturnValue

from hub.access import Scope, Visibility
from hub.kept import kept_in
from hub.repos import queries
from hub.repos.blueprint import blueprint, open_page
from hub.repos.browsing.addresses import commit_address
from hub.repos.browsing.diffs.commit_pages import CommitPage, get_commit_page
from hub.repos.browsing.diffs.diff_pages import (
    NO_END,
    DiffPage,
    Side,
    find_diff,
    read_asked,
    view_of,
    with_query,
)
from hub.repos.browsing.diffs.patch_texts import open_commit_text
from hub.repos.browsing.spots import get_commit_id
from hub.repos.models import Repository
from hub.repos.slots import Slot, pieces_of
from hub.web import answers, words
from hub.web import request as web
from hub.web.render import render
from hub.web.scopes import needs


@blueprint.get("/<owner>/<name>/commit/<commit_id>")
@needs(Scope.REPOSITORY_READ)
def show_commit(owner: str, name: str, commit_id: str) -> ResponseReturnValue:
    """A commit with its diff; the beginning of an id leads to the whole one."""
    repository = open_page(owner, name)
    full_id = get_commit_id(web.session(), repository, commit_id)
    asked = read_asked(request.args)
    if full_id != commit_id:
        return redirect(with_query(commit_address(repository, full_id), asked.query))
    page = get_commit_page(web.session(), repository, full_id)
    return render(
        "browsing/commit.html",
        repository=queries.head_of(web.session(), web.viewer(), repository),
        commit=page,
        shown=_diff_page(repository, page),
        pieces=pieces_of(Slot.COMMIT, web.session(), web.viewer(), repository, full_id),
    )


@blueprint.get("/<owner>/<name>/commit/<commit_id>.patch", defaults={"kind": "patch"})
@blueprint.get("/<owner>/<name>/commit/<commit_id>.diff", defaults={"kind": "diff"})
@needs(Scope.REPOSITORY_READ)
def commit_text(owner: str, name: str, commit_id: str, kind: str) -> ResponseReturnValue:
    """The change of a commit as text: a patch for git-am(1), or a bare diff."""
    repository = open_page(owner, name)
    full_id = get_commit_id(web.session(), repository, commit_id)
    if full_id != commit_id:
        return redirect(commit_address(repository, full_id, f".{kind}"))
    is_public = repository.visibility is Visibility.PUBLIC
    etag = f"{full_id}-{kind}"
    known = answers.unchanged(etag=etag, is_public=is_public)
    if known is not None:
        return known
    file = open_commit_text(web.session(), repository, full_id, is_patch=kind == "patch")
    return answers.fixed_text(file, etag=etag, is_public=is_public)


def _diff_page(repository: Repository, page: CommitPage) -> DiffPage | None:
    if page.pair is None:
        return None
    asked = read_asked(request.args)
    kept = kept_in(web.config())
    diff, fault = find_diff(kept, page.pair, asked, view_of(asked, no_end=words.translate(NO_END)))
    address = commit_address(repository, page.commit_id)
    return DiffPage(
        address=address,
        fixed_address=address,
        asked=asked,
        old=None if page.parent_spot is None else Side(repository.path, page.parent_spot),
        new=Side(repository.path, page.spot),
        diff=diff,
        fault=fault,
        text_address=commit_address(repository, page.commit_id, ".diff"),
    )
