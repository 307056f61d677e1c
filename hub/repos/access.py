"""Who may do what in which repository: the only door to one."""

import functools
from typing import Final, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    exists,
    false,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from hub.access import ARCHIVED_PERMISSIONS, Permission, Role, Scope, Viewer, Visibility, allowed
from hub.accounts.former import find_owner
from hub.accounts.models import Principal
from hub.accounts.names import key_of
from hub.errors import Forbidden, Moved, NotFound, Text, text
from hub.repos.models import Collaborator, FormerPath, Repository
from hub.repos.names import printable, split_path

_ROLES: Final = tuple(Role)

# What a token for pushing does not reach, whosever it is: one that leaks must not give anything away.
_BEYOND_WRITING: Final = frozenset(
    {
        Permission.SET_RULES,
        Permission.SET_ROLES,
        Permission.SET_VISIBILITY,
        Permission.ADMINISTER,
        Permission.DELETE,
    }
)


def open_repository(
    session: Session, viewer: Viewer, path_or_id: str | int, *, need: Permission
) -> Repository:
    """The repository at `owner/name` (or of that id), for somebody who may do `need` there.

    Raises NotFound, with one text, for what does not exist and for what the viewer may not see; Forbidden
    with the next step for what they see but may not do; Moved for a former path of what they see.
    """
    repository = find_repository(session, viewer, path_or_id)
    if repository is None:
        moved = find_moved(session, viewer, path_or_id) if isinstance(path_or_id, str) else None
        if moved is not None:
            raise Moved("/".join(split_path(str(path_or_id)) or ()), moved.path)
        raise no_repository(path_or_id)
    require(session, viewer, repository, need)
    return repository


def find_repository(session: Session, viewer: Viewer, path_or_id: str | int) -> Repository | None:
    """The repository, if it exists and the viewer may see it: one statement for both."""
    values: dict[str, object] = {"viewer_id": viewer.user_id, "only": list(viewer.only or ())}
    if isinstance(path_or_id, int):
        return session.scalar(_select_by_id(_sight_of(viewer)), {**values, "id": path_or_id})
    parts = split_path(path_or_id)
    if parts is None:
        return None
    owner, name = map(key_of, parts)
    wanted = _select_by_path(_sight_of(viewer))
    return session.scalar(wanted, {**values, "owner": owner, "name": name})


def find_moved(session: Session, viewer: Viewer, path: str) -> Repository | None:
    """What the viewer may see of what bore this path before, by its own name or by its owner's, or None."""
    parts = split_path(path)
    owner, has_moved = find_owner(session, parts[0]) if parts else (None, False)
    if parts is None or owner is None:
        return None
    name_key = key_of(parts[1])
    former = select(FormerPath.repository_id).where(
        FormerPath.owner_id == owner.id, FormerPath.name_key == name_key
    )
    bears_it = and_(Repository.owner_id == owner.id, Repository.name_key == name_key)
    is_it = or_(Repository.id.in_(former), and_(bears_it, true() if has_moved else false()))
    # What an owner calls so now stands before what they called so once.
    order = case((bears_it, 0), else_=1)
    return session.scalars(select(Repository).where(visible_to(viewer), is_it).order_by(order)).first()


def no_repository(path_or_id: str | int) -> NotFound:
    """What is answered for a repository that is missing and for one that may not be seen alike."""
    path = str(path_or_id)
    return NotFound(
        text("No repository %(path)s.", path=printable("/".join(split_path(path) or (path,)))),
        text("There is none of this name, or you may not see it."),
        text("Check the spelling, or ask its owner for access."),
    )


def require(session: Session, viewer: Viewer, repository: Repository, permission: Permission) -> None:
    """Raises Forbidden with the next step, unless the viewer, who sees the repository, may do this there."""
    scope = _scope_for(permission)
    open_to_all = permission is Permission.SEE and repository.visibility is Visibility.PUBLIC
    if not open_to_all and not viewer.has_scope(scope):
        raise Forbidden(
            text("This token does not reach that far."),
            text("It lacks the scope %(scope)s.", scope=scope),
            text("Make a token with this scope in your settings."),
        )
    role = role_of(session, viewer, repository)
    if repository.archived_at is not None and permission not in ARCHIVED_PERMISSIONS:
        raise Forbidden(
            text("%(path)s is archived: it is read-only.", path=repository.path),
            next_step=text("Its owner can bring it back in its settings. Reading and cloning go on."),
        )
    if not _is_allowed(viewer, repository, permission, role):
        raise Forbidden(
            text("You may not do this in %(path)s.", path=repository.path),
            _why(role, viewer, repository),
            _next_step(viewer, repository, permission),
        )


def _scope_for(permission: Permission) -> Scope:
    if permission is Permission.SEE:
        return Scope.REPOSITORY_READ
    return Scope.ALL if permission in _BEYOND_WRITING else Scope.REPOSITORY_WRITE


def may(session: Session, viewer: Viewer, repository: Repository, permission: Permission) -> bool:
    """Whether the viewer's role allows this; what a token may be used for is not asked here."""
    return _is_allowed(viewer, repository, permission, role_of(session, viewer, repository))


def _is_allowed(viewer: Viewer, repository: Repository, permission: Permission, role: Role | None) -> bool:
    return allowed(
        permission,
        role=role,
        visibility=repository.visibility,
        is_signed_in=viewer.within(repository.id).is_signed_in,
        is_archived=repository.archived_at is not None,
    )


def role_of(session: Session, viewer: Viewer, repository: Repository) -> Role | None:
    """What the viewer is in the repository; who acts as an administrator is an owner everywhere."""
    viewer = viewer.within(repository.id)
    role = _role_by_itself(viewer, repository.owner_id)
    if role is not None or viewer.user_id is None:
        return role
    return session.scalar(
        select(Collaborator.role).where(
            Collaborator.repository_id == repository.id, Collaborator.user_id == viewer.user_id
        )
    )


def role_given(viewer: Viewer, *, repository_id: int, owner_id: int, granted: Role | None) -> Role | None:
    """As `role_of`, for a caller that has read already which role the person was granted. Pure."""
    viewer = viewer.within(repository_id)
    role = _role_by_itself(viewer, owner_id)
    return role if role is not None or viewer.user_id is None else granted


def _role_by_itself(viewer: Viewer, owner_id: int) -> Role | None:
    if viewer.key_role is not None:
        return viewer.key_role
    if viewer.administers or (viewer.user_id is not None and owner_id == viewer.user_id):
        return Role.OWN
    return None


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """The condition on Repository that holds for what the viewer may see; every query uses this one."""
    return _visible(_sight_of(viewer), viewer.user_id, viewer.only)


class _Sight(NamedTuple):
    """What kind of viewer somebody is, for what they may see."""

    sees_all: bool
    is_person: bool
    is_limited: bool


def _sight_of(viewer: Viewer) -> _Sight:
    sees_all = viewer.administers or viewer.key_role is not None
    return _Sight(sees_all, viewer.user_id is not None, viewer.only is not None)


def _visible(
    sight: _Sight,
    viewer_id: int | BindParameter[int] | None,
    only: frozenset[int] | BindParameter[int] | None,
) -> ColumnElement[bool]:
    exists_still = Repository.deleted_at.is_(None)
    is_public = Repository.visibility == Visibility.PUBLIC
    is_theirs = _is_theirs(sight, viewer_id)
    if sight.is_limited:
        assert only is not None, "a limited viewer has a list, if an empty one"
        is_theirs = and_(is_theirs, Repository.id.in_(only))
    return and_(exists_still, or_(is_public, is_theirs))


def _is_theirs(sight: _Sight, viewer_id: int | BindParameter[int] | None) -> ColumnElement[bool]:
    if sight.sees_all:
        return true()
    if not sight.is_person:
        return false()
    has_role = exists().where(Collaborator.repository_id == Repository.id, Collaborator.user_id == viewer_id)
    return or_(Repository.owner_id == viewer_id, has_role)


def _select_visible(sight: _Sight) -> Select[Repository]:
    viewer_id = bindparam("viewer_id", type_=Integer)
    only = bindparam("only", type_=Integer, expanding=True)
    return select(Repository).where(_visible(sight, viewer_id, only))


# Each git request and each page asks one of these: to put a statement together takes longer than to run it.
@functools.cache
def _select_by_id(sight: _Sight) -> Select[Repository]:
    return _select_visible(sight).where(Repository.id == bindparam("id", type_=Integer))


@functools.cache
def _select_by_path(sight: _Sight) -> Select[Repository]:
    return (
        _select_visible(sight)
        .join(Repository.owner)
        .where(Principal.name_key == bindparam("owner"), Repository.name_key == bindparam("name"))
    )


def _least(permission: Permission) -> Role:
    return next(role for role in _ROLES if allowed(permission, role=role, visibility=Visibility.PRIVATE))


def _why(role: Role | None, viewer: Viewer, repository: Repository) -> Text:
    if viewer.only is not None and repository.id not in viewer.only:
        if viewer.is_signed_in:
            return text("This token is for other repositories.")
        return text("This is the deploy key of another repository.")
    if viewer.key_role is not None:
        return text("This deploy key reads, and nothing else.")
    if role is not None:
        return text("Your role there is %(role)s.", role=role)
    if viewer.is_signed_in:
        return text("You have no role there.")
    return text("You are not signed in.")


def _next_step(viewer: Viewer, repository: Repository, permission: Permission) -> Text:
    if viewer.key_role is not None:
        return text("Ask the owner of %(path)s for a deploy key that may push.", path=repository.path)
    if viewer.only is not None and repository.id not in viewer.only:
        return text("Make a token that reaches %(path)s in your settings.", path=repository.path)
    return text(
        "Ask the owner of %(path)s for the role %(role)s.", path=repository.path, role=_least(permission)
    )
