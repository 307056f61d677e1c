"""A person is forgotten: their keys are withdrawn and their names withheld, wherever a journal knows them."""

import json

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.journal.models import JournalBody, JournalEntry, JournalTopic, Person
from hub.journal.people import list_keys, list_topics_that_know, set_key
from hub.journal.redacting import redact


def forget(session: Session, person: Person) -> None:
    """Leaves nothing of the person but their number: that somebody acted, when and how, stays said."""
    for topic in list_topics_that_know(session, person):
        for public in list_keys(session, topic, person):
            set_key(session, topic, person, public, is_on=False)
        redact(session, topic, person=None, digests=_list_names(session, topic, person))
    person.name = person.user_id = None
    session.flush()


def _list_names(session: Session, topic: JournalTopic, person: Person) -> list[str]:
    rows = session.execute(
        select(JournalEntry.data, JournalBody.digest)
        .join(JournalBody, JournalBody.entry_id == JournalEntry.id)
        .where(JournalEntry.topic_id == topic.id, JournalEntry.kind == "person")
        .order_by(JournalEntry.id)
    )
    return [digest for data, digest in rows if json.loads(data)["d"].get("person") == person.global_id]
