"""A repository is deleted: gone at once for everybody; for thirty days administrators bring it back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from hub.access import Permission, Viewer
from hub.accounts import audit
from hub.accounts.models import User
from hub.clock import now
from hub.errors import Conflict, Forbidden, NotFound, text
from hub.paging import PAGE_SIZE, Page, make_page, offset_of
from hub.repos.access import require
from hub.repos.loans import check_loans
from hub.repos.models import Invitation, Repository
from hub.repos.paths import settle_in

# How long an administrator can bring back what was deleted.
KEPT: Final = timedelta(days=30)

DELETED: Final = audit.action("repository.deleted", text("deleted the repository %(path)s"))
RESTORED: Final = audit.action("repository.restored", text("brought back the repository as %(path)s"))


@dataclass(frozen=True, slots=True)
class DeletedRow:
    """A deleted repository in the list for administrators; `kept_until` is when its files may be removed."""

    id: int
    owner: str
    name: str
    size_bytes: int
    deleted_at: datetime
    deleted_by: str | None
    kept_until: datetime


def delete_repository(session: Session, viewer: Viewer, repository: Repository) -> None:
    """Has the repository be gone for everybody; its name is free, its former paths lead nowhere.

    Raises Forbidden, and LoansInTheWay: call it through `settle`.
    """
    require(session, viewer, repository, Permission.DELETE)
    repository.deleted_at = now()
    repository.deleted_by_id = viewer.user_id
    session.execute(delete(Invitation).where(Invitation.repository_id == repository.id))
    audit.note(
        session,
        viewer,
        DELETED,
        repository_id=repository.id,
        user_id=_owner_of(repository),
        path=repository.path,
    )
    session.flush()
    check_loans(session, repository)


def restore_repository(session: Session, viewer: Viewer, repository_id: int, *, name: str = "") -> Repository:
    """Brings a deleted repository back, under another name where one is given; returns it.

    Raises Forbidden, NotFound, Conflict when it is too late, Invalid for `name`, and LoansInTheWay.
    """
    repository = get_deleted(session, viewer, repository_id)
    assert repository.deleted_at is not None
    if repository.deleted_at + KEPT <= now():
        raise Conflict(
            text("%(path)s was deleted more than %(days)s days ago.", path=repository.path, days=KEPT.days),
            next_step=text("A backup may still hold it."),
        )
    repository.deleted_at = repository.deleted_by_id = None
    repository.name = name.strip() or repository.name
    settle_in(session, repository)
    audit.note(
        session,
        viewer,
        RESTORED,
        repository_id=repository.id,
        user_id=_owner_of(repository),
        path=repository.path,
    )
    session.flush()
    check_loans(session, repository)
    return repository


def get_deleted(session: Session, viewer: Viewer, repository_id: int) -> Repository:
    """The deleted repository of that id; for administrators. Raises Forbidden or NotFound."""
    _require_administrator(viewer)
    repository = session.get(Repository, repository_id)
    if repository is None or repository.deleted_at is None:
        raise NotFound(
            text("No deleted repository has the number %(id)s.", id=repository_id),
            next_step=text("The list of deleted repositories shows the numbers of all that are kept."),
        )
    return repository


def list_deleted(session: Session, viewer: Viewer, *, page: int = 1) -> Page[DeletedRow]:
    """The deleted repositories that are still kept, the last deleted first; for administrators."""
    _require_administrator(viewer)
    is_deleted = Repository.deleted_at.is_not(None)
    total = session.scalar(select(func.count()).select_from(Repository).where(is_deleted)) or 0
    wanted = (
        select(Repository, User.name)
        .outerjoin(User, User.id == Repository.deleted_by_id)
        .where(is_deleted)
        .order_by(Repository.deleted_at.desc(), Repository.id.desc())
        .offset(offset_of(page))
        .limit(PAGE_SIZE)
    )
    rows = [_row(repository, by) for repository, by in session.execute(wanted)]
    return make_page(rows, number=page, total=total)


def _row(repository: Repository, deleted_by: str | None) -> DeletedRow:
    assert repository.deleted_at is not None
    return DeletedRow(
        id=repository.id,
        owner=repository.owner.name,
        name=repository.name,
        size_bytes=repository.size_bytes,
        deleted_at=repository.deleted_at,
        deleted_by=deleted_by,
        kept_until=repository.deleted_at + KEPT,
    )


def _owner_of(repository: Repository) -> int | None:
    # The log of a person is about people; an organisation is none.
    return repository.owner_id if isinstance(repository.owner, User) else None


def _require_administrator(viewer: Viewer) -> None:
    if not viewer.administers:
        raise Forbidden(
            text("Only administrators see deleted repositories."),
            next_step=text("Ask whoever runs this hub."),
        )
