"""Which ref a topic of the journal belongs to: it bears the number that the home gave."""

import json
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.journal.format.ref_names import REPOSITORY_REF, topic_ref
from hub.journal.models import JournalEntry, JournalTopic
from hub.journal.recording import REPOSITORY

NUMBER: Final = "number"
_NONE: Final = 0


def ref_of(session: Session, topic: JournalTopic, homes: frozenset[str]) -> str:
    """The name of the topic's ref; one opened at another hub bears that hub's sign until it is numbered."""
    if topic.type == REPOSITORY:
        return REPOSITORY_REF
    is_said_by = (JournalEntry.kind == NUMBER) | (JournalEntry.entry_id == topic.topic_id)
    rows = session.scalars(
        select(JournalEntry.data)
        .where(JournalEntry.topic_id == topic.id, is_said_by)
        .order_by(JournalEntry.t, JournalEntry.entry_id)
    )
    said: list[dict[str, Any]] = [json.loads(data) for data in rows]  # entries, checked when they came
    at_home = next((_number_in(one) for one in said if one["hub"] in homes), _NONE)
    if at_home != _NONE:
        return topic_ref(topic.type, at_home)
    opening = said[0]
    return topic_ref(topic.type, _number_in(opening), other_hub=opening["hub"])


def _number_in(entry: dict[str, Any]) -> int:
    number = entry["d"].get("number")
    return number if type(number) is int else _NONE
