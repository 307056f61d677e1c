"""The page of a repository's deploy keys."""

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from hub.access import Permission, Scope
from hub.errors import text
from hub.repos import queries
from hub.repos.access import open_repository
from hub.repos.blueprint import blueprint, open_page
from hub.repos.loans import settle
from hub.repos.models import Repository
from hub.repos.settings import deploy_keys
from hub.web import forms, notices
from hub.web import request as web
from hub.web.answers import refused_page
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import needs

_READ = "read"
_PUSH = "push"


@blueprint.get("/<owner>/<name>/settings/keys")
@needs(Scope.REPOSITORY_WRITE, sign_in=True, proved=True)
def deploy_keys_page(owner: str, name: str) -> ResponseReturnValue:
    """The deploy keys and the form for another one."""
    form = Form({"title": "", "key": "", "access": _READ})
    return _page(_open(owner, name), form)


@blueprint.post("/<owner>/<name>/settings/keys")
@needs(Scope.REPOSITORY_WRITE, sign_in=True, proved=True, own_transactions=True)
def add_deploy_key(owner: str, name: str) -> ResponseReturnValue:
    """Registers a public key for this repository."""
    repository, form = _open(owner, name), forms.read("title", "key", "access")

    def act(session: Session) -> str:
        opened = open_repository(session, web.viewer(), repository.id, need=Permission.ADMINISTER)
        title, line, may_push = form.text("title"), form.text("key"), form.text("access") == _PUSH
        return deploy_keys.add_deploy_key(
            session, web.viewer(), opened, title=title, line=line, may_push=may_push
        ).title

    try:
        title = settle(web.database(), act)
    except REFUSALS as error:
        # A private key that was pasted by mistake must not travel back, nor stay in the page.
        form.values["key"] = "" if "PRIVATE" in form.text("key") else form.text("key")
        return refused_page(_page(repository, form.refuse(error)), error)
    notices.add("ok", text("The deploy key “%(title)s” is added.", title=title))
    return _back(repository)


@blueprint.post("/<owner>/<name>/settings/keys/<int(max=2147483647):key_id>/remove")
@needs(Scope.REPOSITORY_WRITE, sign_in=True, proved=True)
def remove_deploy_key(owner: str, name: str, key_id: int) -> ResponseReturnValue:
    """Takes a deploy key back."""
    repository = _open(owner, name)
    deploy_keys.remove_deploy_key(web.session(), web.viewer(), repository, key_id=key_id)
    notices.add("ok", text("The deploy key is removed."))
    return _back(repository)


def _open(owner: str, name: str) -> Repository:
    return open_page(owner, name, need=Permission.ADMINISTER)


def _back(repository: Repository) -> ResponseReturnValue:
    return redirect(url_for("repos.deploy_keys_page", owner=repository.owner.name, name=repository.name))


def _page(repository: Repository, form: Form) -> str:
    session, viewer = web.session(), web.viewer()
    return render(
        "repos/deploy_keys.html",
        repository=queries.head_of(session, viewer, repository),
        keys=deploy_keys.list_deploy_keys(session, viewer, repository),
        form=form,
    )
