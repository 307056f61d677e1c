"""What the journal adds to pages of a repository: the id by which a clone of it is told from a forgery."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.journal.linking import count_elsewhere
from hub.journal.models import JournalTopic
from hub.journal.recording import REPOSITORY
from hub.repos.models import Repository
from hub.repos.slots import Piece, Slot, fill


def find_repository_id(session: Session, repository_id: int) -> str | None:
    """The id of the repository, which its own topic's opening gives it; None before it has one."""
    is_own = (JournalTopic.repository_id == repository_id, JournalTopic.type == REPOSITORY)
    return session.scalar(select(JournalTopic.topic_id).where(*is_own))


def show_id(session: Session, _: Viewer, repository: Repository, __: object) -> Piece | None:
    """How a clone of the repository is checked, for its home."""
    found = find_repository_id(session, repository.id)
    return None if found is None else Piece("journal/_check.html", {"id": found})


def show_elsewhere(session: Session, _: Viewer, repository: Repository, __: object) -> Piece | None:
    """The way to people of other hubs, for the page of those who have a role."""
    count = count_elsewhere(session, repository.id)
    return Piece("journal/_elsewhere.html", {"count": count}) if count else None


fill(Slot.CLONE, show_id)
fill(Slot.PEOPLE, show_elsewhere)
