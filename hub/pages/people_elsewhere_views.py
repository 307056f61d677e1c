"""The page about people of other hubs in a journal, where administrators link them to accounts."""

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from hub.access import Permission, Scope
from hub.accounts.people import require_administrator
from hub.errors import NotFound, text
from hub.journal import linking
from hub.journal.models import Person
from hub.repos import queries
from hub.repos.blueprint import blueprint, open_page
from hub.repos.models import Repository
from hub.web import forms, notices
from hub.web import request as web
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import needs


@blueprint.get("/<owner>/<name>/settings/people/elsewhere")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def people_elsewhere(owner: str, name: str) -> ResponseReturnValue:
    """Who acted here at another hub, and who that is here."""
    return _page(open_page(owner, name, need=Permission.SET_ROLES), Form())


@blueprint.post("/<owner>/<name>/settings/people/elsewhere/<int:person_id>")
@needs(Scope.ADMIN, sign_in=True)
def link_person(owner: str, name: str, person_id: int) -> ResponseReturnValue:
    """Says which account is that person's here, or that none is."""
    session, viewer = web.session(), web.viewer()
    require_administrator(viewer)
    repository, form = open_page(owner, name), forms.read("account")
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound(text("The journal of this repository knows no such person."))
    found = linking.get_elsewhere(session, repository, person.global_id)
    account = form.text("account").strip()
    try:
        linking.link(session, viewer, repository, found, name=account)
    except REFUSALS as error:
        return _page(repository, form.refuse(error)), error.status
    if account:
        notices.add("ok", text("%(who)s is %(name)s here.", who=found.name, name=found.account_name))
    else:
        notices.add("ok", text("%(who)s is nobody's account here.", who=found.name))
    return redirect(url_for("repos.people_elsewhere", owner=owner, name=name))


def _page(repository: Repository, form: Form) -> str:
    session, viewer = web.session(), web.viewer()
    return render(
        "journal/people_elsewhere.html",
        repository=queries.head_of(session, viewer, repository),
        people=linking.list_elsewhere(session, repository.id, page=forms.page_number()),
        may_link=viewer.is_admin,
        form=form,
    )
