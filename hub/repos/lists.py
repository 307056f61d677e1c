"""Lists of repositories: mine, an owner's, starred ones, all; each with what the viewer may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, ScalarSelect, func, or_, select, true
from sqlalchemy.orm import Session

from hub.access import ANONYMOUS, Viewer, Visibility
from hub.accounts.models import Principal
from hub.accounts.names import key_of
from hub.db import holds_word
from hub.errors import BadRequest, text
from hub.paging import PAGE_SIZE, Page, make_page, offset_of
from hub.repos.access import visible_to
from hub.repos.models import Collaborator, Repository, Star

_LONGEST_WANTED: Final = 100


class Order(StrEnum):
    """What a list of repositories begins with."""

    PUSHED = "pushed"
    STARS = "stars"
    NEWEST = "newest"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed to and how it is sorted: words in name, owner or description."""

    wanted: str = ""
    order: Order = Order.PUSHED

    @property
    def kept(self) -> dict[str, str]:
        """What an address says of it."""
        given = {"q": self.wanted, "sort": self.order.value if self.order is not Order.PUSHED else ""}
        return {name: value for name, value in given.items() if value}


def read_filter(given: Mapping[str, str]) -> Filter:
    """The filter that an address asks for; raises BadRequest for an order that there is not."""
    wanted = " ".join(given.get("q", "").split())[:_LONGEST_WANTED].strip()
    try:
        return Filter(wanted, Order(given.get("sort") or Order.PUSHED))
    except ValueError as error:
        raise BadRequest(
            text("Repositories are not sorted by that."),
            next_step=text("Choose one of the orders on the page."),
        ) from error


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
    session: Session,
    viewer: Viewer,
    narrowed: Filter = Filter(),
    *,
    owner: Principal | None = None,
    page: int = 1,
) -> Page[RepositoryRow]:
    """What the viewer may see, of that owner or of all, filtered and sorted."""
    is_theirs = true() if owner is None else Repository.owner_id == owner.id
    conditions = [visible_to(viewer), is_theirs, *(_holds(word) for word in narrowed.wanted.split())]
    return _list(session, conditions, page, narrowed.order)


def list_first(session: Session, viewer: Viewer, order: Order, *, limit: int) -> list[RepositoryRow]:
    """The first that the viewer may see, in that order."""
    return _read(session, [visible_to(viewer)], order, limit=limit)


def count_visible(session: Session, viewer: Viewer) -> int:
    """How many the viewer may see."""
    return _count(session, [visible_to(viewer)])


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
    return _count(session, [Repository.origin_id == origin.id, visible_to(viewer)])


def _is_mine(viewer: Viewer) -> ColumnElement[bool]:
    with_role = select(Collaborator.repository_id).where(Collaborator.user_id == viewer.user_id)
    return or_(Repository.owner_id == viewer.user_id, Repository.id.in_(with_role))


def _holds(word: str) -> ColumnElement[bool]:
    owners = select(Principal.id).where(Principal.name_key.contains(key_of(word), autoescape=True))
    named = Repository.name_key.contains(key_of(word), autoescape=True)
    return or_(named, holds_word(Repository.description, word), Repository.owner_id.in_(owners))


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
    rows = _read(session, conditions, order, offset=offset_of(page))
    return make_page(rows, number=page, total=_count(session, conditions))


def _read(
    session: Session,
    conditions: Sequence[ColumnElement[bool]],
    order: Order,
    *,
    offset: int = 0,
    limit: int = PAGE_SIZE,
) -> list[RepositoryRow]:
    wanted = select(Repository, _stars()).where(*conditions).order_by(*_columns_of(order))
    return [_row(one, stars) for one, stars in session.execute(wanted.offset(offset).limit(limit))]


def _count(session: Session, conditions: Sequence[ColumnElement[bool]]) -> int:
    return session.scalar(select(func.count()).select_from(Repository).where(*conditions)) or 0


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
