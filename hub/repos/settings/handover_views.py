"""The pages that change who sees a repository, its name or its owner, and the one that deletes it.

Each asks for a proof of who it is, says what will follow, and has forks made whole first.
"""

from collections.abc import Callable

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from hub.access import Permission, Scope, Visibility
from hub.accounts.models import User
from hub.accounts.queries import find_user
from hub.errors import Invalid, Text, text
from hub.repos import queries
from hub.repos.access import open_repository
from hub.repos.blueprint import blueprint, open_page
from hub.repos.loans import settle
from hub.repos.models import Repository
from hub.repos.settings import deletion, handover, invitations, settings
from hub.web import forms, notices
from hub.web import request as web
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import needs

Act = Callable[[Session, Repository], None]


@blueprint.get("/<owner>/<name>/settings/visibility")
@needs(Scope.REPOSITORY_WRITE, proved=True)
def visibility(owner: str, name: str) -> ResponseReturnValue:
    """The form that changes who may see the repository."""
    repository = open_page(owner, name, need=Permission.SET_VISIBILITY)
    return _page("visibility", repository, Form({"visibility": repository.visibility}))


@blueprint.post("/<owner>/<name>/settings/visibility")
@needs(Scope.REPOSITORY_WRITE, proved=True, own_transactions=True)
def set_visibility(owner: str, name: str) -> ResponseReturnValue:
    """Changes who may see the repository."""
    repository = open_page(owner, name, need=Permission.SET_VISIBILITY)
    form = forms.read("visibility")

    def act(session: Session, opened: Repository) -> None:
        chosen = form.choice("visibility", Visibility, text("Choose who may see the repository."))
        settings.set_visibility(session, web.viewer(), opened, visibility=chosen)

    said = {
        Visibility.PUBLIC: text("Everybody sees %(path)s now.", path=repository.path),
        Visibility.PRIVATE: text("Only people with a role see %(path)s now.", path=repository.path),
    }
    try:
        _settle(repository, act)
    except REFUSALS as error:
        return _page("visibility", repository, form.refuse(error)), error.status
    notices.add("ok", said[Visibility(form.text("visibility"))])
    return _to("repos.settings", repository.path)


@blueprint.get("/<owner>/<name>/settings/rename")
@needs(Scope.REPOSITORY_WRITE, proved=True)
def rename(owner: str, name: str) -> ResponseReturnValue:
    """The form that gives the repository another name."""
    repository = open_page(owner, name, need=Permission.ADMINISTER)
    return _page("rename", repository, Form({"name": repository.name}))


@blueprint.post("/<owner>/<name>/settings/rename")
@needs(Scope.REPOSITORY_WRITE, proved=True)
def submit_rename(owner: str, name: str) -> ResponseReturnValue:
    """Gives the repository another name."""
    session, repository = web.session(), open_page(owner, name, need=Permission.ADMINISTER)
    form = forms.read("name")
    old_path = repository.path
    try:
        with session.begin_nested():
            handover.rename(session, web.viewer(), repository, name=form.text("name"))
    except REFUSALS as error:
        return _page("rename", repository, form.refuse(error)), error.status
    if repository.path != old_path:
        said = text("%(old)s is %(new)s now.", old=old_path, new=repository.path)
        notices.add("ok", said, text("The old address leads here, for git as well."))
    return _to("repos.settings", repository.path)


@blueprint.get("/<owner>/<name>/settings/transfer")
@needs(Scope.REPOSITORY_WRITE, proved=True)
def transfer(owner: str, name: str) -> ResponseReturnValue:
    """The form that offers the repository to another owner."""
    return _page("transfer", open_page(owner, name, need=Permission.ADMINISTER), Form())


@blueprint.post("/<owner>/<name>/settings/transfer")
@needs(Scope.REPOSITORY_WRITE, proved=True)
def submit_transfer(owner: str, name: str) -> ResponseReturnValue:
    """Offers the repository to a person, who becomes the owner by accepting."""
    session, repository = web.session(), open_page(owner, name, need=Permission.ADMINISTER)
    form = forms.read("person", "confirm")
    try:
        user = _read_person(session, form)
        _require_typed(form, repository)
        invitations.offer_repository(session, web.viewer(), repository, user)
    except REFUSALS as error:
        return _page("transfer", repository, form.refuse(error)), error.status
    notices.add(
        "ok",
        text("%(path)s is offered to %(name)s.", path=repository.path, name=user.name),
        text("It stays yours until they accept."),
    )
    return _to("repos.collaborators", repository.path)


@blueprint.get("/<owner>/<name>/settings/delete")
@needs(Scope.REPOSITORY_WRITE, proved=True)
def delete(owner: str, name: str) -> ResponseReturnValue:
    """The form that deletes the repository."""
    return _page("delete", open_page(owner, name, need=Permission.DELETE), Form())


@blueprint.post("/<owner>/<name>/settings/delete")
@needs(Scope.REPOSITORY_WRITE, proved=True, own_transactions=True)
def submit_delete(owner: str, name: str) -> ResponseReturnValue:
    """Deletes the repository, for everybody and at once."""
    repository = open_page(owner, name, need=Permission.DELETE)
    form = forms.read("confirm")
    try:
        _require_typed(form, repository)
        _settle(repository, lambda session, one: deletion.delete_repository(session, web.viewer(), one))
    except REFUSALS as error:
        return _page("delete", repository, form.refuse(error)), error.status
    kept = text("An administrator can bring it back within %(days)s days.", days=deletion.KEPT.days)
    notices.add("ok", text("%(path)s is deleted.", path=repository.path), kept)
    return redirect(url_for("pages.home"))


def _settle(repository: Repository, act: Act) -> None:
    viewer, repository_id = web.viewer(), repository.id
    settle(
        web.database(),
        lambda session: act(session, open_repository(session, viewer, repository_id, need=Permission.SEE)),
    )


def _read_person(session: Session, form: Form) -> User:
    user = find_user(session, form.text("person").strip())
    if user is None:
        fault = text("Nobody here is called “%(name)s”.", name=form.text("person").strip())
        raise Invalid(text("Nobody was asked."), {"person": fault})
    return user


def _require_typed(form: Form, repository: Repository) -> None:
    if form.text("confirm").strip() != repository.path:
        raise Invalid(text("Nothing was changed."), {"confirm": _type(repository)})


def _type(repository: Repository) -> Text:
    return text("Type %(path)s, to show that you mean this one.", path=repository.path)


def _page(name: str, repository: Repository, form: Form) -> str:
    head = queries.head_of(web.session(), web.viewer(), repository)
    return render(f"repos/{name}.html", repository=head, form=form, kept_days=deletion.KEPT.days)


def _to(endpoint: str, path: str) -> ResponseReturnValue:
    owner, _, name = path.partition("/")
    return redirect(url_for(endpoint, owner=owner, name=name))
