"""The page that compares two branches, tags or commits, and the form that chooses them."""

from flask import redirect, request
from flask.typing import ResponseReturnValue

from hub.access import Scope, Visibility
from hub.errors import NotFound
from hub.kept import kept_in
from hub.repos import queries
from hub.repos.blueprint import blueprint, open_page
from hub.repos.browsing.addresses import compare_address
from hub.repos.browsing.diffs.comparing import Comparison, get_comparison, list_names
from hub.repos.browsing.diffs.diff_pages import NO_END, DiffPage, Side, find_diff, read_asked, view_of
from hub.repos.browsing.diffs.patch_texts import open_comparison_text
from hub.repos.models import Repository
from hub.repos.slots import Slot, pieces_of
from hub.web import answers, words
from hub.web import request as web
from hub.web.raw_path import rest_of_path
from hub.web.render import render
from hub.web.scopes import Costly, needs

_TEXTS = {b".patch": True, b".diff": False}


@blueprint.get("/<owner>/<name>/compare")
@needs(Scope.REPOSITORY_READ)
def choose_comparison(owner: str, name: str) -> ResponseReturnValue:
    """The form that chooses what to compare; what it sends leads to the comparison."""
    repository = open_page(owner, name)
    base, head = (request.args.get(one, "").strip() for one in ("base", "head"))
    if head:
        dots = ".." if request.args.get("dots") == ".." else "..."
        return redirect(compare_address(repository, base or repository.default_branch, head, dots=dots))
    return _render(repository, None)


@blueprint.get("/<owner>/<name>/compare/<raw:spec>")
@needs(Scope.REPOSITORY_READ, costly=Costly.ALWAYS)
def compare(owner: str, name: str, spec: str) -> ResponseReturnValue:
    """What one side has and the other lacks, commit by commit and as a diff; as text with .patch or .diff."""
    repository = open_page(owner, name)
    wanted = rest_of_path(after=3)
    session, viewer = web.session(), web.viewer()
    suffix = next((one for one in _TEXTS if wanted.endswith(one)), None)
    try:
        return _render(repository, get_comparison(session, viewer, repository, wanted))
    except NotFound:
        if suffix is None:
            raise
    # A branch may be called `x.diff`; only where there is none is the end of the address a wish.
    comparison = get_comparison(session, viewer, repository, wanted.removesuffix(suffix))
    return _text(comparison, is_patch=_TEXTS[suffix])


def _render(repository: Repository, comparison: Comparison | None) -> str:
    session, viewer = web.session(), web.viewer()
    return render(
        "browsing/compare.html",
        repository=queries.head_of(session, viewer, repository),
        comparison=comparison,
        names=list_names(session, repository),
        default_branch=repository.default_branch,
        shown=None if comparison is None else _diff_page(repository, comparison),
        addresses=None if comparison is None else _addresses(repository, comparison),
        pieces=[]
        if comparison is None
        else pieces_of(Slot.COMPARISON, session, viewer, repository, comparison),
    )


def _diff_page(repository: Repository, comparison: Comparison) -> DiffPage | None:
    if comparison.pair is None:
        return None
    asked = read_asked(request.args)
    kept = kept_in(web.config())
    diff, fault = find_diff(kept, comparison.pair, asked, view_of(asked, no_end=words.translate(NO_END)))
    base, head = comparison.base, comparison.head
    return DiffPage(
        address=comparison.address(repository),
        fixed_address=comparison.fixed_address(repository),
        asked=asked,
        old=Side(base.path, comparison.old_spot),
        new=Side(head.path, head.spot),
        diff=diff,
        fault=fault,
        text_address=comparison.fixed_address(repository) + ".diff",
    )


def _addresses(repository: Repository, comparison: Comparison) -> dict[str, str]:
    return {
        "swapped": comparison.swapped_address(repository),
        "parted": comparison.address(repository, is_direct=False),
        "direct": comparison.address(repository, is_direct=True),
        "patch": comparison.address(repository) + ".patch",
        "diff": comparison.address(repository) + ".diff",
    }


def _text(comparison: Comparison, *, is_patch: bool) -> ResponseReturnValue:
    sides = (comparison.base, comparison.head)
    ids = "-".join(one.spot.commit_id for one in sides)
    etag = f"{ids}-{comparison.is_direct:d}{is_patch:d}"
    is_fixed = all(one.spot.is_immutable for one in sides)
    is_public = is_fixed and all(one.repository.visibility is Visibility.PUBLIC for one in sides)
    known = answers.unchanged(etag=etag, is_public=is_public)
    if known is not None:
        return known
    file = open_comparison_text(comparison, is_patch=is_patch)
    return answers.fixed_text(file, etag=etag, is_public=is_public)
