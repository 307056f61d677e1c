"""Repositories are made, and roles in them given and taken."""

from typing import Final

from sqlalchemy import delete
from sqlalchemy.orm import Session

from hub.access import Permission, Role, Scope, Viewer, Visibility
from hub.accounts import audit
from hub.accounts.models import Principal, User
from hub.clock import now
from hub.db import config_of
from hub.errors import Forbidden, Invalid, NotFound, text
from hub.events import RepositoryCreated, publish
from hub.repos import ref_rules
from hub.repos.access import require
from hub.repos.git.store import create
from hub.repos.loans import check_loans
from hub.repos.models import Collaborator, Invitation, Repository
from hub.repos.names import check_branch_name, check_description
from hub.repos.paths import settle_in

GRANTED: Final = audit.action("role.granted", text("gave %(name)s the role %(role)s in %(path)s"))
REVOKED: Final = audit.action("role.revoked", text("took the role %(role)s in %(path)s from %(name)s"))
CREATED: Final = audit.action("repository.created", text("made the repository %(path)s"))


def create_repository(
    session: Session,
    viewer: Viewer,
    owner: Principal,
    *,
    name: str,
    description: str = "",
    visibility: Visibility = Visibility.PUBLIC,
    default_branch: str | None = None,
    journal: str = "",
) -> Repository:
    """Makes an empty repository of that owner, on disk as well; raises Forbidden or Invalid.

    The default branch is the configured one unless given; it becomes whatever is pushed first.
    `journal` is the id of one that was begun elsewhere, which the caller gives it.
    """
    _require_owner(viewer, owner)
    repository = Repository(
        owner=owner,
        name=name.strip(),
        description=check_description(description),
        visibility=visibility,
        default_branch=check_branch_name(default_branch or config_of(session).default_branch),
        storage="main",
        created_at=now(),
    )
    settle_in(session, repository)
    ref_rules.add_default(session, repository)
    create(config_of(session), repository)
    audit.note(
        session, viewer, CREATED, repository_id=repository.id, user_id=viewer.user_id, path=repository.path
    )
    publish(session, RepositoryCreated(repository.id, journal))
    return repository


def grant(
    session: Session, viewer: Viewer, repository: Repository, user: User, *, role: Role
) -> Collaborator:
    """Gives the person that role in the repository, instead of one they had.

    Raises Forbidden, Invalid, and LoansInTheWay: call it through `settle`.
    """
    require(session, viewer, repository, Permission.SET_ROLES)
    collaborator = give_role(session, repository, user, role=role)
    _note(session, viewer, GRANTED, collaborator, repository, user)
    session.flush()
    return collaborator


def give_role(session: Session, repository: Repository, user: User, *, role: Role) -> Collaborator:
    """Does what `grant` does, for whoever has found out already that it may be done, and notes it."""
    if user.id == repository.owner_id:
        raise Invalid(
            text("%(name)s owns %(path)s already.", name=user.name, path=repository.path),
            {"user": text("The owner of a repository needs no role in it.")},
        )
    collaborator = session.get(Collaborator, (repository.id, user.id))
    if collaborator is None:
        collaborator = Collaborator(repository_id=repository.id, user_id=user.id, created_at=now())
        session.add(collaborator)
    collaborator.role = role
    session.execute(
        delete(Invitation).where(Invitation.repository_id == repository.id, Invitation.user_id == user.id)
    )
    session.flush()
    check_loans(session, repository)
    return collaborator


def change_role(
    session: Session, viewer: Viewer, repository: Repository, user: User, *, role: Role
) -> Collaborator:
    """Gives somebody who has a role another one; raises Forbidden, NotFound, and LoansInTheWay."""
    require(session, viewer, repository, Permission.SET_ROLES)
    if session.get(Collaborator, (repository.id, user.id)) is None:
        raise NotFound(text("%(name)s has no role in %(path)s.", name=user.name, path=repository.path))
    return grant(session, viewer, repository, user, role=role)


def revoke(session: Session, viewer: Viewer, repository: Repository, user: User) -> None:
    """Takes the person's role away.

    Raises Forbidden, NotFound where there is none, and LoansInTheWay: call it through `settle`.
    """
    require(session, viewer, repository, Permission.SET_ROLES)
    collaborator = session.get(Collaborator, (repository.id, user.id))
    if collaborator is None:
        raise NotFound(text("%(name)s has no role in %(path)s.", name=user.name, path=repository.path))
    _note(session, viewer, REVOKED, collaborator, repository, user)
    session.delete(collaborator)
    ref_rules.forget_person(session, repository.id, user.id)
    session.flush()
    check_loans(session, repository)


def _note(
    session: Session, viewer: Viewer, what: str, held: Collaborator, repository: Repository, user: User
) -> None:
    details = {"name": user.name, "role": held.role.value, "path": repository.path}
    audit.note(session, viewer, what, repository_id=repository.id, user_id=user.id, **details)


def _require_owner(viewer: Viewer, owner: Principal) -> None:
    if not viewer.administers and viewer.user_id != owner.id:
        raise Forbidden(
            text("You may not make a repository for %(owner)s.", owner=owner.name),
            next_step=text("Make it under your own name."),
        )
    if viewer.only is not None:
        raise Forbidden(
            text("This token does not reach that far."),
            text("It is for some repositories, and a new one is none of them."),
            text("Make a token for all repositories in your settings."),
        )
    if not viewer.has_scope(Scope.REPOSITORY_WRITE):
        raise Forbidden(
            text("This token does not reach that far."),
            text("It lacks the scope %(scope)s.", scope=Scope.REPOSITORY_WRITE),
            text("Make a token with this scope in your settings."),
        )
