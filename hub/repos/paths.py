"""Which name a repository bears under which owner: free, taken or held; and where former ones lead."""

from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.accounts.models import Principal
from hub.accounts.names import key_of
from hub.clock import now
from hub.errors import Invalid, text
from hub.repos.models import FormerPath, Repository
from hub.repos.names import check_repository_name

# Clones go on asking at the old address; nobody else answers them there in the meantime.
HELD: Final = timedelta(days=90)


def settle_in(session: Session, repository: Repository) -> None:
    """Adds or moves the repository to the owner and name that it bears now; raises Invalid for `name`.

    What led from that name to another repository leads there no more.
    """
    owner, name = repository.owner, check_repository_name(repository.name)
    repository.name_key = key_of(name)
    with session.no_autoflush:
        _check_free(session, repository)
    try:
        with session.begin_nested():
            session.add(repository)
            session.flush()
    except IntegrityError as error:  # somebody else took the name between the question and the insert
        raise _taken(owner, name) from error
    session.execute(delete(FormerPath).where(*_of(owner, repository.name_key)))


def move(session: Session, repository: Repository, *, owner: Principal, name: str) -> str:
    """Gives the repository another owner or name and has the old path lead there; returns the old path.

    Raises Invalid for `name`.
    """
    old_owner, old_key, old_path = repository.owner, repository.name_key, repository.path
    repository.owner, repository.name = owner, name.strip()
    settle_in(session, repository)
    if (old_owner.id, old_key) != (owner.id, repository.name_key):
        session.execute(delete(FormerPath).where(*_of(old_owner, old_key)))
        former = FormerPath(
            owner_id=old_owner.id, name_key=old_key, repository_id=repository.id, left_at=now()
        )
        session.add(former)
        session.flush()
    return old_path


def _check_free(session: Session, repository: Repository) -> None:
    owner, name = repository.owner, repository.name
    same_name = and_(Repository.owner_id == owner.id, Repository.name_key == repository.name_key)
    others = and_(same_name, Repository.deleted_at.is_(None))
    found = session.scalar(select(Repository.id).where(others))
    if found is not None and found != repository.id:
        raise _taken(owner, name)
    held = session.execute(
        select(FormerPath.left_at, FormerPath.repository_id)
        .join(Repository, Repository.id == FormerPath.repository_id)
        .where(*_of(owner, repository.name_key))
        # An owner takes a name of their own again; what was given away is found there by others.
        .where(Repository.owner_id != owner.id, Repository.deleted_at.is_(None))
    ).first()
    if held is not None and held.repository_id != repository.id and held.left_at + HELD > now():
        until = (held.left_at + HELD).strftime("%Y-%m-%d")
        fault = text("This name leads to a repository that was moved, until %(date)s.", date=until)
        raise Invalid(text("The name is not free."), {"name": fault})


def _of(owner: Principal, name_key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return FormerPath.owner_id == owner.id, FormerPath.name_key == name_key


def _taken(owner: Principal, name: str) -> Invalid:
    fault = text("%(owner)s already has a repository named %(name)s.", owner=owner.name, name=name)
    return Invalid(text("The name is not free."), {"name": fault})
