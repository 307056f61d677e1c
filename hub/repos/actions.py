"""What is done to repositories: made, shared, and their refs moved."""

from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.access import Permission, Role, Scope, Viewer, Visibility
from hub.accounts.models import Principal, User
from hub.accounts.names import key_of
from hub.clock import now
from hub.db import config_of
from hub.errors import Forbidden, Invalid, NotFound, text
from hub.events import RepositoryCreated, publish
from hub.repos.access import require
from hub.repos.git.store import create
from hub.repos.models import Collaborator, Repository
from hub.repos.names import check_branch_name, check_repository_name
from hub.repos.ref_rules import add_default

MAX_DESCRIPTION_LENGTH: Final = 500


def create_repository(
    session: Session,
    viewer: Viewer,
    owner: Principal,
    *,
    name: str,
    description: str = "",
    visibility: Visibility = Visibility.PUBLIC,
    default_branch: str | None = None,
) -> Repository:
    """Makes an empty repository of that owner, on disk as well; raises Forbidden or Invalid.

    The default branch is the configured one unless given; it becomes whatever is pushed first.
    """
    _require_owner(viewer, owner)
    repository = Repository(
        owner=owner,
        name=check_repository_name(name.strip()),
        name_key=key_of(name.strip()),
        description=_check_description(description),
        visibility=visibility,
        default_branch=check_branch_name(default_branch or config_of(session).default_branch),
        storage="main",
        created_at=now(),
    )
    _insert(session, repository)
    add_default(session, repository)
    create(config_of(session), repository)
    publish(session, RepositoryCreated(repository.id))
    return repository


def grant(
    session: Session, viewer: Viewer, repository: Repository, user: User, *, role: Role
) -> Collaborator:
    """Gives the person that role in the repository, instead of one they had; raises Forbidden or Invalid."""
    require(session, viewer, repository, Permission.SET_ROLES)
    if user.id == repository.owner_id:
        raise Invalid(
            text("%(name)s owns %(path)s already.", name=user.name, path=repository.path),
            {"user": text("The owner of a repository needs no role in it.")},
        )
    collaborator = _find_collaborator(session, repository, user)
    if collaborator is None:
        collaborator = Collaborator(repository_id=repository.id, user_id=user.id, created_at=now())
        session.add(collaborator)
    collaborator.role = role
    session.flush()
    return collaborator


def revoke(session: Session, viewer: Viewer, repository: Repository, user: User) -> None:
    """Takes the person's role away; raises Forbidden, and NotFound where there is none."""
    require(session, viewer, repository, Permission.SET_ROLES)
    if _find_collaborator(session, repository, user) is None:
        raise NotFound(text("%(name)s has no role in %(path)s.", name=user.name, path=repository.path))
    session.execute(
        delete(Collaborator).where(
            Collaborator.repository_id == repository.id, Collaborator.user_id == user.id
        )
    )


def _require_owner(viewer: Viewer, owner: Principal) -> None:
    if not viewer.administers and viewer.user_id != owner.id:
        raise Forbidden(
            text("You may not make a repository for %(owner)s.", owner=owner.name),
            next_step=text("Make it under your own name."),
        )
    if not viewer.has_scope(Scope.REPOSITORY_WRITE):
        raise Forbidden(
            text("This token does not reach that far."),
            text("It lacks the scope %(scope)s.", scope=Scope.REPOSITORY_WRITE),
            text("Make a token with this scope in your settings."),
        )


def _check_description(description: str) -> str:
    line = " ".join(description.split())
    if len(line) > MAX_DESCRIPTION_LENGTH:
        raise Invalid(
            text("The description is too long."),
            {"description": text("Use at most %(limit)s characters.", limit=MAX_DESCRIPTION_LENGTH)},
        )
    return line


def _insert(session: Session, repository: Repository) -> None:
    owner, name = repository.owner, repository.name
    taken = Invalid(
        text("The repository could not be made."),
        {"name": text("%(owner)s already has a repository named %(name)s.", owner=owner.name, name=name)},
    )
    same_name = (Repository.owner_id == owner.id, Repository.name_key == repository.name_key)
    if session.scalar(select(Repository.id).where(*same_name)) is not None:
        raise taken
    try:
        with session.begin_nested():
            session.add(repository)
            session.flush()
    except IntegrityError as error:  # somebody else took the name between the question and the insert
        raise taken from error


def _find_collaborator(session: Session, repository: Repository, user: User) -> Collaborator | None:
    return session.get(Collaborator, (repository.id, user.id))
