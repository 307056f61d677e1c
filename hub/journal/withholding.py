"""Texts of a topic are dropped, the entries that named them stay; what they left on the disk is noted."""

import hashlib
from collections.abc import Iterable
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.clock import now
from hub.events import WordsTakenAway, publish
from hub.journal.format import codec
from hub.journal.models import JournalBody, JournalEntry, JournalLeftover, JournalTopic
from hub.repos.git.removing import blob_id_of

_MOST_AT_ONCE: Final = 500


def withhold(session: Session, topic: JournalTopic, digests: Iterable[str]) -> bool:
    """Drops these texts of the topic's entries and has its commits written anew; whether there were any.

    The rows that show them are for the caller to make again.
    """
    found: list[bytes] = []
    wanted = sorted(digests)
    of_topic = select(JournalEntry.id).where(JournalEntry.topic_id == topic.id)
    for begin in range(0, len(wanted), _MOST_AT_ONCE):
        is_one = (
            JournalBody.digest.in_(wanted[begin : begin + _MOST_AT_ONCE]),
            JournalBody.entry_id.in_(of_topic),
            JournalBody.content.is_not(None),
        )
        contents = session.scalars(select(JournalBody.content).where(*is_one)).all()
        found += [one for one in contents if one is not None]
        session.execute(update(JournalBody).where(*is_one).values(content=None))
    if not found:
        return False
    session.add_all(_leftover(topic, one) for one in found)
    topic.needs_rewriting = True
    session.flush()
    publish(session, WordsTakenAway(topic.repository_id))
    return True


def shown_of(body: bytes) -> set[str]:
    """The SHA-256 of what pages show of a stored text; of what is none, nothing."""
    try:
        words = codec.body_text(body)
    except codec.NotCanonical:
        return set()
    # As a whole, or what follows its first line: a description.
    shown = {words, words.partition("\n")[2].removeprefix("\n")} - {""}
    return {hashlib.sha256(one.encode()).hexdigest() for one in shown}


def _leftover(topic: JournalTopic, content: bytes) -> JournalLeftover:
    return JournalLeftover(
        repository_id=topic.repository_id,
        blob_id=blob_id_of(content),
        rendered=sorted(shown_of(content)),
        since=now(),
    )
