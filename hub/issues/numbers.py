"""The numbers of a repository's topics: one sequence, never given twice."""

from typing import Final

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from hub.db import Base, config_of
from hub.issues.models import TopicNumbers
from hub.issues.state import TopicState
from hub.journal.keys.hub_key import load_hub_key
from hub.journal.models import JournalTopic
from hub.journal.replay import act
from hub.journal.ring_rows import homes_of
from hub.repos.models import Repository

_NUMBERS: Final = Base.metadata.tables[TopicNumbers.__tablename__]
_FIND: Final = select(_NUMBERS.c.last).where(_NUMBERS.c.repository_id == bindparam("of_repository"))
_RAISE: Final = (
    update(_NUMBERS)
    .where(_NUMBERS.c.repository_id == bindparam("of_repository"), _NUMBERS.c.last < bindparam("least"))
    .values(last=bindparam("least"))
)


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
    values = {"of_repository": repository_id, "least": number}
    if session.connection().execute(_RAISE, values).rowcount:
        return
    if session.connection().execute(_FIND, values).first() is None:
        session.connection().execute(insert(_NUMBERS), {"repository_id": repository_id, "last": number})


def number_topic(session: Session, journal_topic: JournalTopic, state: TopicState) -> None:
    """Has the home number a topic that was opened at another hub, and has no number yet."""
    homes = homes_of(session, journal_topic.repository_id)
    if state.id and not state.number and load_hub_key(config_of(session)).hub_id in homes:
        number = next_number(session, journal_topic.repository_id)
        act(session, journal_topic, kind="number", person=None, d={"number": number})
