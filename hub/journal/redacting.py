"""Texts are taken away, for good: the entry that says so, and the rows without them.

A redaction is never applied to the rows by itself: the topic is replayed whole, from entries that do not
have the texts any more. So it does not matter whether it was made here or came from another hub.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.journal.arriving import replay_topics
from hub.journal.models import JournalEntry, JournalTopic, Person
from hub.journal.recording import lock, record
from hub.journal.redactions import REDACT
from hub.journal.replay import NotCounted
from hub.journal.withholding import withhold

# What fits into one entry.
_MOST_AT_ONCE: Final = 500


def redact(session: Session, topic: JournalTopic, *, person: Person | None, digests: Sequence[str]) -> None:
    """Takes these texts of the topic away; the caller has checked that the person may.

    Raises NotCounted where the entry would not count: a defect of the caller's.
    """
    session.flush()
    lock(session, topic)
    for begin in range(0, len(digests), _MOST_AT_ONCE):
        some = list(digests[begin : begin + _MOST_AT_ONCE])
        made = record(session, topic, kind=REDACT, person=person, d={"bodies": some})
        withhold(session, topic, some)
        replay_topics(session, [topic])
        why = session.scalar(select(JournalEntry.why).where(JournalEntry.entry_id == made.entry.id))
        if why is not None:
            raise NotCounted(f"{REDACT}: {why}")
