"""A repository goes to another name or to another owner; what was its address leads to the new one."""

from typing import Final

from sqlalchemy import delete
from sqlalchemy.orm import Session

from hub.access import Permission, Role, Viewer
from hub.accounts import audit
from hub.accounts.models import SshKey, User
from hub.errors import Invalid, text
from hub.repos.access import require
from hub.repos.loans import check_loans
from hub.repos.models import Collaborator, Invitation, Repository
from hub.repos.paths import move
from hub.repos.ref_rules import forget_person

RENAMED: Final = audit.action("repository.renamed", text("renamed the repository from %(old)s to %(new)s"))
TRANSFERRED: Final = audit.action(
    "repository.transferred", text("gave the repository from %(old)s to %(new)s")
)
KEY_REMOVED: Final = audit.action(
    "deploy_key.removed_by_transfer", text("removed the deploy key “%(title)s” by giving the repository away")
)


def rename(session: Session, viewer: Viewer, repository: Repository, *, name: str) -> None:
    """Gives the repository another name under its owner; raises Forbidden, and Invalid for `name`."""
    require(session, viewer, repository, Permission.ADMINISTER)
    old_path = move(session, repository, owner=repository.owner, name=name)
    if old_path != repository.path:
        audit.note(session, viewer, RENAMED, repository_id=repository.id, old=old_path, new=repository.path)
        session.flush()


def transfer(session: Session, viewer: Viewer, repository: Repository, user: User) -> None:
    """Makes the person the owner at once; whoever owned it before keeps no role, and no deploy key works on.

    Raises Forbidden, Invalid for `name`, and LoansInTheWay: call it through `settle`.
    """
    require(session, viewer, repository, Permission.ADMINISTER)
    hand_over(session, viewer, repository, user)


def hand_over(session: Session, viewer: Viewer, repository: Repository, user: User) -> None:
    """Does what `transfer` does, for whoever has found out already that it may be done."""
    if user.id == repository.owner_id:
        raise Invalid(
            text("%(name)s owns %(path)s already.", name=user.name, path=repository.path),
            {"person": text("They own it already.")},
        )
    if not user.is_active:
        raise Invalid(
            text("%(name)s cannot own %(path)s now.", name=user.name, path=repository.path),
            {"person": text("This account cannot sign in as it is.")},
        )
    old_owner_id = repository.owner_id
    old_path = move(session, repository, owner=user, name=repository.name)
    forget_person(session, repository.id, old_owner_id)
    session.execute(
        delete(Collaborator).where(
            Collaborator.repository_id == repository.id, Collaborator.user_id == user.id
        )
    )
    # The former owner may have the other half of any of them.
    keys = delete(SshKey).where(SshKey.repository_id == repository.id).returning(SshKey.title)
    for title in session.scalars(keys).all():
        audit.note(session, viewer, KEY_REMOVED, repository_id=repository.id, title=title)
    # Whoever else was to become the owner was asked by one who is no more; and the owner needs no role.
    is_void = (Invitation.role == Role.OWN) | (Invitation.user_id == user.id)
    session.execute(delete(Invitation).where(Invitation.repository_id == repository.id, is_void))
    audit.note(
        session,
        viewer,
        TRANSFERRED,
        repository_id=repository.id,
        user_id=user.id,
        old=old_path,
        new=repository.path,
    )
    session.flush()
    check_loans(session, repository)
