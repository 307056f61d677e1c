"""Lists of repositories: mine, an owner's, starred ones, all; each with what the viewer may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, func, or_, select, true
from sqlalchemy.orm import Session

from hub.access import ANONYMOUS, Viewer, Visibility
from hub.accounts.models import Principal
from hub.accounts.names import key_of
from hub.paging import PAGE_SIZE, Page, make_page, offset_of
from hub.repos.access import visible_to
from hub.repos.models import Collaborator, Repository, Star


class Order(StrEnum):
    """What a list of repositories begins with."""

    PUSHED = "pushed"
    STARS = "stars"
    NEWEST = "newest"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class RepositoryRow:
    """One repository in a list; `default_branch` is None while it is empty."""

    owner: str
    name: str
    description: str
    visibility: Visibility
    is_archived: bool
    is_fork: bool
    stars: int
    pushed_at: datetime | None
    default_branch: str | None


def list_visible(
    session: Session, viewer: Viewer, *, owner: Principal | None = None, page: int = 1
) -> Page[RepositoryRow]:
    """What the viewer may see, of that owner or of all, the last pushed first."""
    is_theirs = true() if owner is None else Repository.owner_id == owner.id
    return _list(session, [visible_to(viewer), is_theirs], page)


def list_mine(session: Session, viewer: Viewer, *, page: int = 1) -> Page[RepositoryRow]:
    """What the viewer owns or has a role in, the last pushed first; nothing for a stranger."""
    return _list(session, [visible_to(viewer), _is_mine(viewer)], page)


def list_public_of_others(session: Session, viewer: Viewer, *, page: int = 1) -> Page[RepositoryRow]:
    """The public ones besides those of `list_mine`, the last pushed first."""
    return _list(session, [visible_to(ANONYMOUS), ~_is_mine(viewer)], page)


def list_starred(session: Session, viewer: Viewer, *, page: int = 1) -> Page[RepositoryRow]:
    """What the viewer starred and may still see, the last pushed first; nothing for a stranger."""
    starred = select(Star.repository_id).where(Star.user_id == viewer.user_id)
    return _list(session, [visible_to(viewer), Repository.id.in_(starred)], page)


def list_forks(session: Session, viewer: Viewer, origin: Repository, *, page: int = 1) -> Page[RepositoryRow]:
    """The forks of a repository that the viewer may see, the last pushed first."""
    return _list(session, [visible_to(viewer), Repository.origin_id == origin.id], page)


def count_forks(session: Session, viewer: Viewer, origin: Repository) -> int:
    """How many forks of it the viewer may see."""
    is_fork = (Repository.origin_id == origin.id, visible_to(viewer))
    return session.scalar(select(func.count()).select_from(Repository).where(*is_fork)) or 0


def explore(
    session: Session, viewer: Viewer, *, wanted: str = "", order: Order = Order.PUSHED, page: int = 1
) -> Page[RepositoryRow]:
    """What the viewer may see whose path or description holds these words, in that order."""
    conditions = [visible_to(viewer), *(_holds(word) for word in wanted.split())]
    return _list(session, conditions, page, order)


def _is_mine(viewer: Viewer) -> ColumnElement[bool]:
    with_role = select(Collaborator.repository_id).where(Collaborator.user_id == viewer.user_id)
    return or_(Repository.owner_id == viewer.user_id, Repository.id.in_(with_role))


def _holds(word: str) -> ColumnElement[bool]:
    owners = select(Principal.id).where(Principal.name_key.contains(key_of(word), autoescape=True))
    described = func.lower(Repository.description).contains(word.lower(), autoescape=True)
    named = Repository.name_key.contains(key_of(word), autoescape=True)
    return or_(named, described, Repository.owner_id.in_(owners))


def _stars() -> ScalarSelect[int]:
    counted = select(func.count()).where(Star.repository_id == Repository.id)
    return counted.correlate(Repository).scalar_subquery()


# Any: columns of several types.
def _columns_of(order: Order) -> list[ColumnElement[Any]]:
    pushed: ColumnElement[Any] = func.coalesce(Repository.pushed_at, Repository.created_at).desc()
    last: list[ColumnElement[Any]] = [pushed, Repository.id.desc()]
    if order is Order.NAME:
        return [Repository.name_key.asc(), Repository.id.asc()]
    if order is Order.STARS:
        return [_stars().desc(), *last]
    if order is Order.NEWEST:
        return [Repository.created_at.desc(), *last]
    return last


def _list(
    session: Session, conditions: Sequence[ColumnElement[bool]], page: int, order: Order = Order.PUSHED
) -> Page[RepositoryRow]:
    total = session.scalar(select(func.count()).select_from(Repository).where(*conditions)) or 0
    wanted = select(Repository, _stars()).where(*conditions).order_by(*_columns_of(order))
    found = session.execute(wanted.offset(offset_of(page)).limit(PAGE_SIZE))
    return make_page([_row(one, stars) for one, stars in found], number=page, total=total)


def _row(repository: Repository, stars: int) -> RepositoryRow:
    return RepositoryRow(
        owner=repository.owner.name,
        name=repository.name,
        description=repository.description,
        visibility=repository.visibility,
        is_archived=repository.archived_at is not None,
        is_fork=repository.origin_id is not None,
        stars=stars,
        pushed_at=repository.pushed_at,
        default_branch=repository.default_branch if repository.pushed_at is not None else None,
    )
