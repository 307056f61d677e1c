"""The settings of a repository, page by page, but for those that take it away from somebody."""

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from hub.access import Permission, Scope
from hub.accounts import audit
from hub.errors import text
from hub.repos import queries
from hub.repos.blueprint import blueprint, open_page, open_settings
from hub.repos.models import Repository
from hub.repos.settings import settings as actions
from hub.web import forms, notices
from hub.web import request as web
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import needs


@blueprint.get("/<owner>/<name>/settings")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def settings(owner: str, name: str) -> ResponseReturnValue:
    """What the repository is called, shown with and does, for whoever may change some of it."""
    return _settings_page(open_settings(owner, name), Form())


@blueprint.post("/<owner>/<name>/settings")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def describe(owner: str, name: str) -> ResponseReturnValue:
    """Changes the description."""
    repository = open_settings(owner, name)
    form = forms.read("description")
    try:
        actions.describe(web.session(), web.viewer(), repository, description=form.text("description"))
    except REFUSALS as error:
        return _settings_page(repository, form.refuse(error)), error.status
    notices.add("ok", text("The description is changed."))
    return _back(repository)


@blueprint.post("/<owner>/<name>/settings/default-branch")
@needs(Scope.REPOSITORY_WRITE, sign_in=True, own_transactions=True)
def set_default_branch(owner: str, name: str) -> ResponseReturnValue:
    """Chooses the branch that pages and clones begin with."""
    repository = open_settings(owner, name)
    form = forms.read("default_branch")
    branch = form.text("default_branch")
    try:
        actions.set_default_branch(web.database(), web.viewer(), repository.path, branch=branch)
    except REFUSALS as error:
        return _settings_page(repository, form.refuse(error)), error.status
    notices.add("ok", text("The default branch is %(branch)s.", branch=branch))
    return _back(repository)


@blueprint.post("/<owner>/<name>/settings/archive")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def archive(owner: str, name: str) -> ResponseReturnValue:
    """Makes the repository read-only."""
    repository = open_page(owner, name)
    actions.archive(web.session(), web.viewer(), repository)
    notices.add(
        "ok", text("%(path)s is archived: everybody reads it, nobody writes to it.", path=repository.path)
    )
    return _back(repository)


@blueprint.post("/<owner>/<name>/settings/unarchive")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def unarchive(owner: str, name: str) -> ResponseReturnValue:
    """Has the repository be written to again."""
    repository = open_page(owner, name)
    actions.unarchive(web.session(), web.viewer(), repository)
    notices.add("ok", text("%(path)s is no longer archived.", path=repository.path))
    return _back(repository)


@blueprint.get("/<owner>/<name>/settings/log")
@needs(Scope.REPOSITORY_READ, sign_in=True)
def log(owner: str, name: str) -> ResponseReturnValue:
    """Who changed what about the repository, for its owners."""
    repository = open_page(owner, name, need=Permission.ADMINISTER)
    entries = audit.list_of_repository(web.session(), repository.id, page=forms.page_number())
    head = queries.head_of(web.session(), web.viewer(), repository)
    return render("repos/log.html", repository=head, entries=entries)


def _settings_page(repository: Repository, form: Form) -> str:
    session, viewer = web.session(), web.viewer()
    form.values.setdefault("description", repository.description)
    state = queries.state_of(session, repository)
    return render(
        "repos/settings.html",
        repository=queries.head_of(session, viewer, repository),
        state=state,
        branches=None if state.branches is None else [(name, name) for name in state.branches],
        form=form,
    )


def _back(repository: Repository) -> ResponseReturnValue:
    owner, _, name = repository.path.partition("/")
    return redirect(url_for("repos.settings", owner=owner, name=name))
