"""The numbers of a repository's topics: one sequence, never given twice."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.issues.models import TopicNumbers
from hub.repos.models import Repository


def next_number(session: Session, repository_id: int) -> int:
    """The next number, which nobody else gets; where the transaction fails it may be given again."""
    raised = (
        update(TopicNumbers)
        .where(TopicNumbers.repository_id == repository_id)
        .values(last=TopicNumbers.last + 1)
        .returning(TopicNumbers.last)
    )
    number = session.scalar(raised)
    if number is None:
        # Of two first topics at the same moment the second waits here, and then finds a number.
        session.execute(select(Repository.id).where(Repository.id == repository_id).with_for_update())
        number = session.scalar(raised)
    if number is not None:
        return number
    session.add(TopicNumbers(repository_id=repository_id, last=1))
    session.flush()
    return 1


def note_number(session: Session, repository_id: int, number: int) -> None:
    """Has no number up to this one be given again: it came with a journal."""
    row = session.get(TopicNumbers, repository_id)
    if row is None:
        session.add(TopicNumbers(repository_id=repository_id, last=number))
    elif row.last < number:
        row.last = number
    session.flush()
