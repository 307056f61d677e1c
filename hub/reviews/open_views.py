"""Opens a change from a branch: the form under a comparison, and what else changes add to such pages."""

from flask import redirect
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from hub.access import Scope, Viewer
from hub.errors import Invalid, NotFound, text
from hub.repos import queries
from hub.repos.blueprint import open_page
from hub.repos.browsing.diffs.compared_sides import get_side
from hub.repos.browsing.diffs.comparing import Comparison
from hub.repos.browsing.spots import SpotKind
from hub.repos.models import Repository
from hub.repos.slots import Piece, Slot, fill
from hub.reviews import offering, opening
from hub.reviews.addresses import change_address
from hub.reviews.blueprint import blueprint
from hub.web import forms
from hub.web import request as web
from hub.web.forms import Form
from hub.web.render import render
from hub.web.scopes import needs


@blueprint.post("/<owner>/<name>/changes")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def open_change(owner: str, name: str) -> ResponseReturnValue:
    """Opens a change that follows a branch, here or in a fork, and shows it."""
    repository = open_page(owner, name)
    form = forms.read("target", "source", "title", "description", "draft", "others", many=("reviewers",))
    try:
        number = opening.open_change(
            web.session(),
            web.viewer(),
            repository,
            target=form.text("target"),
            source=_find_source(repository, form.text("source")),
            words=_words(form),
            base_url=web.base_url(),
        )
    except Invalid as error:
        return _show_form(repository, form.refuse(error)), error.status
    return redirect(change_address(repository, number))


def _offer(session: Session, viewer: Viewer, repository: Repository, comparison: Comparison) -> Piece | None:
    offer = offering.offer_comparison(session, viewer, repository, comparison)
    if offer is None:
        return None
    form = Form(
        {"title": offer.title, "description": offer.description, "draft": "", "others": "", "reviewers": []}
    )
    return Piece("reviews/_offer.html", {"offer": offer, "form": form})


def _find_source(repository: Repository, typed: str) -> opening.Branch:
    try:
        side = get_side(web.session(), web.viewer(), repository, typed.encode())
    except NotFound as error:
        fault = text("There is no branch %(name)s any more.", name=typed[:200])
        raise Invalid(text("The change was not opened."), {"source": fault}) from error
    if not typed or side.spot.kind is not SpotKind.BRANCH:
        fault = text("Only a branch can be proposed here. Push a commit to refs/for/ instead.")
        raise Invalid(text("The change was not opened."), {"source": fault})
    return opening.Branch(side.repository, side.spot.name)


def _words(form: Form) -> opening.Words:
    others = form.text("others").replace("@", "").replace(",", " ").split()
    return opening.Words(
        title=form.text("title"),
        description=form.text("description"),
        is_draft=bool(form.text("draft")),
        reviewers=tuple(dict.fromkeys([*form.chosen("reviewers"), *others])),
    )


def _show_form(repository: Repository, form: Form) -> str:
    session, viewer = web.session(), web.viewer()
    if "reviewers" in form.errors:  # whoever is offered there can be asked
        form.errors["others"] = form.errors.pop("reviewers")
    offer = offering.Offer(
        target=form.text("target"),
        source=form.text("source"),
        reviewers=offering.list_reviewers(session, viewer, repository),
    )
    head = queries.head_of(session, viewer, repository)
    return render("reviews/open.html", repository=head, offer=offer, form=form)


fill(Slot.COMPARISON, _offer)
fill(Slot.BRANCHES, offering.offer_branches)
fill(Slot.COMMIT, offering.point_to_changes)
