"""Who has a role in a repository, who was invited, and what somebody was invited to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select, true
from sqlalchemy.orm import Session, aliased

from hub.access import Permission, Role, Viewer
from hub.accounts.models import Principal, User
from hub.repos.access import require
from hub.repos.models import Collaborator, Invitation, Repository

# Anybody may send them, and they stand on the first page of whoever gets them.
_MOST_INVITATIONS: Final = 100


@dataclass(frozen=True, slots=True)
class CollaboratorRow:
    """One person with a role."""

    name: str
    display_name: str
    role: Role
    since: datetime
    is_suspended: bool


@dataclass(frozen=True, slots=True)
class InvitedRow:
    """One open invitation, in the list of the repository."""

    id: int
    name: str
    role: Role
    invited_by: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """One open invitation, as whoever is invited sees it: nothing else of the repository is theirs to see."""

    id: int
    path: str
    role: Role
    invited_by: str | None
    created_at: datetime


def list_collaborators(session: Session, viewer: Viewer, repository: Repository) -> list[CollaboratorRow]:
    """Everybody with a role besides the owner, by name; raises Forbidden."""
    require(session, viewer, repository, Permission.SET_ROLES)
    wanted = (
        select(User, Collaborator)
        .join(Collaborator, Collaborator.user_id == User.id)
        .where(Collaborator.repository_id == repository.id)
        .order_by(User.name_key)
    )
    return [
        CollaboratorRow(user.name, user.display_name, held.role, held.created_at, not user.is_active)
        for user, held in session.execute(wanted)
    ]


def list_invited(session: Session, viewer: Viewer, repository: Repository) -> list[InvitedRow]:
    """The open invitations to the repository, the newest first; raises Forbidden."""
    require(session, viewer, repository, Permission.SET_ROLES)
    invited, inviter = aliased(Principal), aliased(Principal)
    wanted = (
        select(Invitation, invited.name, inviter.name)
        .join(invited, invited.id == Invitation.user_id)
        .outerjoin(inviter, inviter.id == Invitation.invited_by_id)
        .where(Invitation.repository_id == repository.id)
        .order_by(Invitation.id.desc())
    )
    return [
        InvitedRow(one.id, name, one.role, by, one.created_at) for one, name, by in session.execute(wanted)
    ]


def list_invitations(session: Session, viewer: Viewer) -> list[InvitationRow]:
    """What the viewer is invited to, the newest first and a hundred at most; nothing for a stranger."""
    if viewer.user_id is None:
        return []
    inviter = aliased(Principal)
    reached = true() if viewer.only is None else Repository.id.in_(viewer.only)
    wanted = (
        select(Invitation, Repository, inviter.name)
        .join(Repository, Repository.id == Invitation.repository_id)
        .outerjoin(inviter, inviter.id == Invitation.invited_by_id)
        .where(Invitation.user_id == viewer.user_id, Repository.deleted_at.is_(None), reached)
        .order_by(Invitation.id.desc())
        .limit(_MOST_INVITATIONS)
    )
    return [
        InvitationRow(one.id, repository.path, one.role, by, one.created_at)
        for one, repository, by in session.execute(wanted)
    ]


def has_own_role(session: Session, viewer: Viewer, repository: Repository) -> bool:
    """Whether the viewer was given a role there, which they can give up."""
    user_id = viewer.within(repository.id).user_id
    is_somebody = user_id is not None and user_id != repository.owner_id
    return is_somebody and session.get(Collaborator, (repository.id, user_id)) is not None
