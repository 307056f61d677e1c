"""The pages about forks: the form for one, the list of them, and the button that syncs one."""

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from hub.access import Scope, Visibility
from hub.accounts.queries import get_self
from hub.errors import Invalid, text
from hub.repos import lists, queries
from hub.repos.blueprint import blueprint, open_page
from hub.repos.forks import forking as forks
from hub.repos.models import Repository
from hub.web import forms, notices
from hub.web import request as web
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import needs


@blueprint.get("/<owner>/<name>/fork")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def fork(owner: str, name: str) -> ResponseReturnValue:
    """The form for a fork, filled in as most people want it."""
    origin = open_page(owner, name)
    form = Form(
        {
            "name": forks.offer_name(web.session(), get_self(web.session(), web.viewer()), origin),
            "description": origin.description,
            "visibility": origin.visibility,
        }
    )
    return _show_form(origin, form)


@blueprint.post("/<owner>/<name>/fork")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def make_fork(owner: str, name: str) -> ResponseReturnValue:
    """Makes the fork and shows it."""
    session, viewer = web.session(), web.viewer()
    origin = open_page(owner, name)
    form = forms.read("name", "description", "visibility")
    try:
        made = forks.fork_repository(
            session,
            viewer,
            origin,
            owner=get_self(session, viewer),
            name=form.text("name"),
            description=form.text("description"),
            visibility=_read_visibility(form, origin),
        )
    except REFUSALS as error:
        return _show_form(origin, form.refuse(error)), error.status
    return redirect(url_for("repos.show", owner=made.owner.name, name=made.name))


def _show_form(origin: Repository, form: Form) -> str:
    head = queries.head_of(web.session(), web.viewer(), origin)
    return render("repos/fork.html", repository=head, form=form)


def _read_visibility(form: Form, origin: Repository) -> Visibility:
    try:
        return Visibility(form.text("visibility") or origin.visibility)
    except ValueError as error:
        fault = text("Choose who may see the repository.")
        raise Invalid(text("The fork was not made."), {"visibility": fault}) from error


@blueprint.get("/<owner>/<name>/forks")
@needs(Scope.REPOSITORY_READ)
def list_forks(owner: str, name: str) -> ResponseReturnValue:
    """The forks of a repository that the viewer may see."""
    session, viewer = web.session(), web.viewer()
    origin = open_page(owner, name)
    return render(
        "repos/forks.html",
        repository=queries.head_of(session, viewer, origin),
        forks=lists.list_forks(session, viewer, origin, page=forms.page_number()),
    )


@blueprint.post("/<owner>/<name>/sync")
@needs(Scope.REPOSITORY_WRITE, sign_in=True, own_transactions=True)
def sync(owner: str, name: str) -> ResponseReturnValue:
    """Moves the fork's default branch forward to that of its origin."""
    is_moved = forks.sync_fork(web.database(), web.viewer(), f"{owner}/{name}") is not None
    told = text("The branch is where its origin is.") if is_moved else text("There was nothing new to take.")
    notices.add("ok", told)
    return redirect(url_for("repos.show", owner=owner, name=name))
