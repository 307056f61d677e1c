"""Stars: repositories that somebody wants to find again, and how many people want that."""

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from hub.access import Permission, Viewer
from hub.accounts.queries import get_self
from hub.clock import now
from hub.repos.access import require
from hub.repos.models import Repository, Star


def star(session: Session, viewer: Viewer, repository: Repository) -> None:
    """Keeps the repository among the viewer's starred ones; nothing where it is one. Raises Forbidden."""
    require(session, viewer, repository, Permission.SEE)
    user = get_self(session, viewer.within(repository.id))
    if session.get(Star, (repository.id, user.id)) is None:
        session.add(Star(repository_id=repository.id, user_id=user.id, created_at=now()))
    session.flush()


def unstar(session: Session, viewer: Viewer, repository: Repository) -> None:
    """Takes the repository out of the viewer's starred ones; nothing where it is none. Raises Forbidden."""
    require(session, viewer, repository, Permission.SEE)
    held = session.get(Star, (repository.id, get_self(session, viewer.within(repository.id)).id))
    if held is not None:
        session.delete(held)
    session.flush()


def count_stars(session: Session, repository: Repository) -> int:
    """How many people starred it."""
    return session.scalar(select(stars_of(repository))) or 0


def is_starred(session: Session, viewer: Viewer, repository: Repository) -> bool:
    """Whether the viewer did."""
    return bool(session.scalar(select(is_starred_by(viewer, repository))))


def stars_of(repository: Repository) -> ColumnElement[int]:
    """How many people starred it, as part of a statement."""
    return select(func.count()).where(Star.repository_id == repository.id).scalar_subquery()


def is_starred_by(viewer: Viewer, repository: Repository) -> ColumnElement[bool]:
    """Whether the viewer starred it, as part of a statement."""
    return exists().where(Star.repository_id == repository.id, Star.user_id == viewer.user_id)
