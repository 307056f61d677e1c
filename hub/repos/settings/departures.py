"""What becomes of a person's part in repositories when their account is deleted."""

from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from hub.accounts.leaving import obstacle
from hub.accounts.models import User
from hub.errors import Text, text
from hub.events import PersonDeleted, on
from hub.repos.models import Collaborator, Invitation, RefRulePerson, Repository, Star

_OWN_ROWS: Final = (Collaborator, Invitation, RefRulePerson, Star)


@obstacle
def find_repositories(session: Session, user: User) -> Text | None:
    """Says that somebody owns repositories still, which would belong to nobody."""
    owned = select(func.count()).where(Repository.owner_id == user.id, Repository.deleted_at.is_(None))
    count = session.scalar(owned) or 0
    if not count:
        return None
    if count == 1:
        return text("A repository is yours still. Transfer or delete it first.")
    return text("%(count)s repositories are yours still. Transfer or delete them first.", count=count)


@on(PersonDeleted)
def forget(session: Session, event: PersonDeleted) -> None:
    """Takes back the person's roles, what they were invited to, what rules let them do, and their stars."""
    for rows in _OWN_ROWS:
        session.execute(delete(rows).where(rows.user_id == event.user_id))
