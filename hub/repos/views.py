"""The pages of a repository: made new, empty, and its home."""

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from hub.access import Scope, Visibility
from hub.accounts.queries import get_self
from hub.errors import Invalid, text
from hub.repos import actions, queries
from hub.repos.blueprint import blueprint
from hub.web import forms
from hub.web import request as web
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import needs


@blueprint.get("/new")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def new() -> ResponseReturnValue:
    """The form for a new repository."""
    return render("repos/new.html", form=Form())


@blueprint.post("/new")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def create() -> ResponseReturnValue:
    """Makes a repository of the viewer's and shows it."""
    form = forms.read("name", "description", "visibility")
    try:
        repository = actions.create_repository(
            web.session(),
            web.viewer(),
            get_self(web.session(), web.viewer()),
            name=form.text("name").strip(),
            description=form.text("description").strip(),
            visibility=_read_visibility(form),
        )
    except REFUSALS as error:
        return render("repos/new.html", form=form.refuse(error)), error.status
    return redirect(url_for("repos.show", owner=repository.owner.name, name=repository.name))


def _read_visibility(form: Form) -> Visibility:
    try:
        return Visibility(form.text("visibility") or Visibility.PUBLIC)
    except ValueError as error:
        fault = text("Choose who may see the repository.")
        raise Invalid(text("The repository was not created."), {"visibility": fault}) from error


@blueprint.get("/<owner>/<name>")
@needs(Scope.REPOSITORY_READ)
def show(owner: str, name: str) -> ResponseReturnValue:
    """A repository's home; the address that git clones from leads here too."""
    if name.endswith(".git"):
        return redirect(url_for("repos.show", owner=owner, name=name.removesuffix(".git")))
    session, viewer = web.session(), web.viewer()
    page = queries.get_page(session, viewer, owner, name, base_url=web.base_url())
    return render(
        "repos/empty.html" if page.is_empty else "repos/home.html",
        repository=page,
        branches=queries.list_branches(session, viewer, owner, name, page=forms.page_number()),
        branch_count=page.branch_count,
        tag_count=page.tag_count,
    )
