"""Roles that people are offered, take, decline and give up; a whole repository is offered alike."""

from typing import Final

from sqlalchemy import delete
from sqlalchemy.orm import Session

from hub.access import Permission, Role, Viewer
from hub.accounts import audit
from hub.accounts.models import User
from hub.accounts.queries import get_self
from hub.clock import now
from hub.errors import Forbidden, Invalid, NotFound, text
from hub.repos.access import require, role_of
from hub.repos.actions import give_role
from hub.repos.loans import check_loans
from hub.repos.models import Collaborator, Invitation, Repository
from hub.repos.ref_rules import forget_person
from hub.repos.settings.handover import hand_over

# What can be offered: to be an owner beside the owner is given from the command line.
OFFERED: Final = (Role.READ, Role.PROPOSE, Role.WRITE, Role.MAINTAIN)

INVITED: Final = audit.action("role.offered", text("invited %(name)s with the role %(role)s to %(path)s"))
OFFERED_WHOLE: Final = audit.action("repository.offered", text("offered %(path)s to %(name)s, to own it"))
WITHDRAWN: Final = audit.action("role.withdrawn", text("took back the invitation of %(name)s to %(path)s"))
ACCEPTED: Final = audit.action("role.accepted", text("accepted the role %(role)s in %(path)s"))
DECLINED: Final = audit.action("role.declined", text("declined the invitation to %(path)s"))
LEFT: Final = audit.action("role.left", text("gave up the role %(role)s in %(path)s"))


def invite(session: Session, viewer: Viewer, repository: Repository, user: User, *, role: Role) -> Invitation:
    """Offers the person that role, instead of one offered before; raises Forbidden or Invalid."""
    require(session, viewer, repository, Permission.SET_ROLES)
    if role not in OFFERED:
        fault = text("Choose one of the roles.")
        raise Invalid(text("Nobody was invited."), {"role": fault})
    if session.get(Collaborator, (repository.id, user.id)) is not None:
        fault = text("%(name)s has a role already; change it in the list.", name=user.name)
        raise Invalid(text("Nobody was invited."), {"person": fault})
    invitation = _offer(session, viewer, repository, user, role)
    details = {"name": user.name, "role": role.value, "path": repository.path}
    audit.note(session, viewer, INVITED, repository_id=repository.id, user_id=user.id, **details)
    session.flush()
    return invitation


def offer_repository(session: Session, viewer: Viewer, repository: Repository, user: User) -> Invitation:
    """Offers the person to become the owner, once they accept; raises Forbidden or Invalid."""
    require(session, viewer, repository, Permission.ADMINISTER)
    invitation = _offer(session, viewer, repository, user, Role.OWN)
    details = {"name": user.name, "path": repository.path}
    audit.note(session, viewer, OFFERED_WHOLE, repository_id=repository.id, user_id=user.id, **details)
    session.flush()
    return invitation


def accept(session: Session, viewer: Viewer, invitation: Invitation) -> None:
    """Takes what is offered: a role, or the repository itself.

    Raises NotFound for an invitation of somebody else, Forbidden where whoever invited may not any more,
    Invalid for `name` where they own one of this name, and LoansInTheWay: call it through `settle`.
    """
    repository, user = _open(session, viewer, invitation)
    _require_still_meant(session, invitation, repository)
    role = invitation.role
    session.delete(invitation)
    session.flush()
    if role is Role.OWN:
        hand_over(session, viewer, repository, user)
    else:
        give_role(session, repository, user, role=role)
        details = {"role": role.value, "path": repository.path}
        audit.note(session, viewer, ACCEPTED, repository_id=repository.id, user_id=user.id, **details)
        session.flush()


def decline(session: Session, viewer: Viewer, invitation: Invitation) -> None:
    """Says no to an invitation; raises NotFound for one of somebody else."""
    repository, _ = _open(session, viewer, invitation)
    audit.note(
        session,
        viewer,
        DECLINED,
        repository_id=repository.id,
        user_id=invitation.user_id,
        path=repository.path,
    )
    session.delete(invitation)
    session.flush()


def withdraw(session: Session, viewer: Viewer, repository: Repository, invitation: Invitation) -> None:
    """Takes back an invitation to this repository; raises Forbidden."""
    require(session, viewer, repository, Permission.SET_ROLES)
    name = session.get_one(User, invitation.user_id).name
    audit.note(
        session,
        viewer,
        WITHDRAWN,
        repository_id=repository.id,
        user_id=invitation.user_id,
        name=name,
        path=repository.path,
    )
    session.delete(invitation)
    session.flush()


def leave(session: Session, viewer: Viewer, repository: Repository) -> None:
    """Gives up the viewer's own role; raises NotFound where they have none of their own."""
    user = get_self(session, viewer.within(repository.id))
    held = session.get(Collaborator, (repository.id, user.id))
    if held is None:
        raise NotFound(text("You have no role in %(path)s to give up.", path=repository.path))
    audit.note(
        session,
        viewer,
        LEFT,
        repository_id=repository.id,
        user_id=user.id,
        role=held.role.value,
        path=repository.path,
    )
    session.delete(held)
    forget_person(session, repository.id, user.id)
    session.flush()
    # Fewer may read it now: whoever borrows from it may have more readers than that.
    check_loans(session, repository)


def get_invitation(session: Session, viewer: Viewer, invitation_id: int) -> Invitation:
    """The viewer's own invitation of that id; raises NotFound."""
    user = get_self(session, viewer)
    invitation = session.get(Invitation, invitation_id)
    if invitation is None or invitation.user_id != user.id:
        raise _no_invitation()
    return invitation


def get_invitation_to(session: Session, repository: Repository, invitation_id: int) -> Invitation:
    """The invitation of that id to this repository; raises NotFound."""
    invitation = session.get(Invitation, invitation_id)
    if invitation is None or invitation.repository_id != repository.id:
        raise _no_invitation()
    return invitation


def _offer(session: Session, viewer: Viewer, repository: Repository, user: User, role: Role) -> Invitation:
    if user.id == repository.owner_id:
        fault = text("%(name)s owns %(path)s already.", name=user.name, path=repository.path)
        raise Invalid(text("Nobody was invited."), {"person": fault})
    if not user.is_active:
        fault = text("%(name)s cannot sign in at this time.", name=user.name)
        raise Invalid(text("Nobody was invited."), {"person": fault})
    session.execute(
        delete(Invitation).where(Invitation.repository_id == repository.id, Invitation.user_id == user.id)
    )
    invitation = Invitation(
        repository_id=repository.id,
        user_id=user.id,
        role=role,
        invited_by_id=viewer.user_id,
        created_at=now(),
    )
    session.add(invitation)
    session.flush()
    return invitation


def _open(session: Session, viewer: Viewer, invitation: Invitation) -> tuple[Repository, User]:
    repository = session.get_one(Repository, invitation.repository_id)
    is_theirs = viewer.within(repository.id).user_id == invitation.user_id
    if not is_theirs or repository.deleted_at is not None:
        raise _no_invitation()
    return repository, get_self(session, viewer)


def _require_still_meant(session: Session, invitation: Invitation, repository: Repository) -> None:
    # Who may give nothing any more has nothing to give.
    inviter = None if invitation.invited_by_id is None else session.get(User, invitation.invited_by_id)
    if (
        inviter is None
        or not inviter.is_active
        or Role.OWN is not role_of(session, inviter.viewer(), repository)
    ):
        raise Forbidden(
            text("This invitation does not hold any more."),
            text("Whoever sent it may not give roles in %(path)s any more.", path=repository.path),
            text("Ask its owner to invite you again."),
        )


def _no_invitation() -> NotFound:
    return NotFound(
        text("There is no such invitation."),
        text("It was taken back, or it is for somebody else."),
        text("Your invitations show those that are open."),
    )
