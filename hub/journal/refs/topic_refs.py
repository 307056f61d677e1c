"""Which ref a topic of the journal belongs to: it bears the number that the home gave."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.journal.format.numbering import NUMBER, number_at_home, ref_by_number
from hub.journal.format.ref_names import REPOSITORY_REF
from hub.journal.models import JournalEntry, JournalTopic
from hub.journal.recording import REPOSITORY, read_entry


def ref_of(session: Session, topic: JournalTopic, homes: frozenset[str]) -> str:
    """The name of the topic's ref; one opened at another hub bears that hub's sign until it is numbered."""
    if topic.type == REPOSITORY:
        return REPOSITORY_REF
    is_said_by = (JournalEntry.kind == NUMBER) | (JournalEntry.entry_id == topic.topic_id)
    rows = session.execute(
        select(JournalEntry.entry_id, JournalEntry.data)
        .where(JournalEntry.topic_id == topic.id, is_said_by)
        .order_by(JournalEntry.t, JournalEntry.entry_id)
    )
    said = [read_entry(entry_id, data, ()) for entry_id, data in rows]
    return ref_by_number(topic.type, number_at_home(said, homes), said[0])
