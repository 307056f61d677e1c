"""The pages about who has which role: a repository's people, and what somebody was invited to."""

from typing import Final

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from hub.access import Permission, Role, Scope
from hub.accounts.queries import find_user, get_user
from hub.errors import Invalid, text
from hub.repos import actions, queries
from hub.repos.access import find_repository, open_repository
from hub.repos.blueprint import blueprint, open_page
from hub.repos.loans import settle
from hub.repos.models import Repository
from hub.repos.settings import invitations, people
from hub.repos.slots import Slot, pieces_of
from hub.web import forms, notices
from hub.web import request as web
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import needs

_CHOOSE: Final = text("Choose one of the roles.")


@blueprint.get("/<owner>/<name>/settings/people")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def collaborators(owner: str, name: str) -> ResponseReturnValue:
    """Who has a role, who is invited, and the form that invites."""
    repository = open_page(owner, name, need=Permission.SET_ROLES)
    return _people_page(repository, Form({"role": Role.WRITE}))


@blueprint.post("/<owner>/<name>/settings/people")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def invite(owner: str, name: str) -> ResponseReturnValue:
    """Invites a person with a role."""
    session, repository = web.session(), open_page(owner, name, need=Permission.SET_ROLES)
    form = forms.read("person", "role")
    try:
        user = find_user(session, form.text("person").strip())
        if user is None:
            fault = text("Nobody here is called “%(name)s”.", name=form.text("person").strip())
            raise Invalid(text("Nobody was invited."), {"person": fault})
        role = form.choice("role", Role, _CHOOSE)
        invitations.invite(session, web.viewer(), repository, user, role=role)
    except REFUSALS as error:
        return _people_page(repository, form.refuse(error)), error.status
    notices.add(
        "ok",
        text("%(name)s is invited.", name=user.name),
        text("They find the invitation on their first page."),
    )
    return _back(repository)


@blueprint.post("/<owner>/<name>/settings/people/<person>/role")
@needs(Scope.REPOSITORY_WRITE, sign_in=True, own_transactions=True)
def change_role(owner: str, name: str, person: str) -> ResponseReturnValue:
    """Gives somebody with a role another one."""
    repository = open_page(owner, name, need=Permission.SET_ROLES)
    form = forms.read("role")
    role = form.choice("role", Role, _CHOOSE)
    if role not in invitations.OFFERED:
        # To become an owner takes a proof of who it is on one side, and a yes on the other.
        raise Invalid(text("Nothing was changed."), {"role": _CHOOSE})

    def act(session: Session) -> None:
        opened = open_repository(session, web.viewer(), repository.id, need=Permission.SET_ROLES)
        actions.change_role(session, web.viewer(), opened, get_user(session, person), role=role)

    settle(web.database(), act)
    notices.add("ok", text("%(name)s has another role now.", name=person))
    return _back(repository)


@blueprint.post("/<owner>/<name>/settings/people/<person>/remove")
@needs(Scope.REPOSITORY_WRITE, sign_in=True, own_transactions=True)
def remove_collaborator(owner: str, name: str, person: str) -> ResponseReturnValue:
    """Takes somebody's role away."""
    repository = open_page(owner, name, need=Permission.SET_ROLES)

    def act(session: Session) -> None:
        opened = open_repository(session, web.viewer(), repository.id, need=Permission.SET_ROLES)
        actions.revoke(session, web.viewer(), opened, get_user(session, person))

    settle(web.database(), act)
    notices.add("ok", text("%(name)s has no role here any more.", name=person))
    return _back(repository)


@blueprint.post("/<owner>/<name>/settings/people/invitations/<int(max=2147483647):invitation_id>/withdraw")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def withdraw_invitation(owner: str, name: str, invitation_id: int) -> ResponseReturnValue:
    """Takes an invitation back."""
    session, repository = web.session(), open_page(owner, name, need=Permission.SET_ROLES)
    invitation = invitations.get_invitation_to(session, repository, invitation_id)
    invitations.withdraw(session, web.viewer(), repository, invitation)
    notices.add("ok", text("The invitation is taken back."))
    return _back(repository)


@blueprint.post("/<owner>/<name>/leave")
@needs(Scope.REPOSITORY_WRITE, sign_in=True, own_transactions=True)
def leave(owner: str, name: str) -> ResponseReturnValue:
    """Gives up the viewer's own role."""
    repository = open_page(owner, name)

    def act(session: Session) -> None:
        opened = open_repository(session, web.viewer(), repository.id, need=Permission.SEE)
        invitations.leave(session, web.viewer(), opened)

    settle(web.database(), act)
    notices.add("ok", text("You have no role in %(path)s any more.", path=repository.path))
    return redirect(url_for("pages.home"))


@blueprint.get("/invitations")
@needs(Scope.REPOSITORY_READ, sign_in=True)
def list_invitations() -> ResponseReturnValue:
    """What the viewer is invited to."""
    return render("repos/invitations.html", invitations=people.list_invitations(web.session(), web.viewer()))


@blueprint.post("/invitations/<int(max=2147483647):invitation_id>/accept")
@needs(Scope.REPOSITORY_WRITE, sign_in=True, own_transactions=True)
def accept_invitation(invitation_id: int) -> ResponseReturnValue:
    """Takes the role, or the repository, that is offered."""

    def act(session: Session) -> str:
        invitation = invitations.get_invitation(session, web.viewer(), invitation_id)
        repository_id = invitation.repository_id
        invitations.accept(session, web.viewer(), invitation)
        repository = find_repository(session, web.viewer(), repository_id)
        assert repository is not None, "who accepted sees it"
        return repository.path

    path = settle(web.database(), act)
    notices.add("ok", text("You are part of %(path)s now.", path=path))
    owner, _, name = path.partition("/")
    return redirect(url_for("repos.show", owner=owner, name=name))


@blueprint.post("/invitations/<int(max=2147483647):invitation_id>/decline")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def decline_invitation(invitation_id: int) -> ResponseReturnValue:
    """Says no to an invitation."""
    session = web.session()
    invitation = invitations.get_invitation(session, web.viewer(), invitation_id)
    invitations.decline(session, web.viewer(), invitation)
    notices.add("ok", text("The invitation is declined."))
    return redirect(url_for("repos.list_invitations"))


def _people_page(repository: Repository, form: Form) -> str:
    session, viewer = web.session(), web.viewer()
    return render(
        "repos/people.html",
        repository=queries.head_of(session, viewer, repository),
        collaborators=people.list_collaborators(session, viewer, repository),
        invited=people.list_invited(session, viewer, repository),
        roles=invitations.OFFERED,
        form=form,
        pieces=pieces_of(Slot.PEOPLE, session, viewer, repository, None),
    )


def _back(repository: Repository) -> ResponseReturnValue:
    owner, _, name = repository.path.partition("/")
    return redirect(url_for("repos.collaborators", owner=owner, name=name))
