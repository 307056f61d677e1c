"""Entries become state and rows: one that was just made is applied, a whole topic is replayed from nothing.

`apply` and `replay` are pure: the same entries give the same state in every hub, in whatever order they
arrived. `act` and `begin` are what a feature calls to have something happen in a topic.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.db import config_of
from hub.journal import recording
from hub.journal.format.codec import VERSION
from hub.journal.format.entries import Entry, ordered
from hub.journal.keys.hub_key import load_hub_key
from hub.journal.keys.key_turns import keep_key
from hub.journal.kinds import Kinds as Kinds
from hub.journal.kinds import kinds_of
from hub.journal.kinds import register as register
from hub.journal.models import JournalTopic, Person
from hub.journal.recording import REPOSITORY, Recorded
from hub.journal.ring import HubRole
from hub.journal.ring_rows import homes_of, is_known
from hub.repos.models import Repository

NOT_UNDERSTOOD: Final = "not understood"
MALFORMED: Final = "malformed"

# What reading from an entry raises where it does not hold what its kind says.
_MALFORMED: Final = (KeyError, IndexError, TypeError, ValueError, AttributeError)


class NotCounted(AssertionError):
    """An act that does not count was recorded: the action should have refused it before. A defect of ours."""


def apply(
    kinds: Kinds[Any],  # whatever its state is
    state: Any,  # that state
    entry: Entry,
    homes: frozenset[str],
) -> str | None:
    """Changes the state by one entry; returns why the entry does not count, or None. Never raises."""
    if kinds.note is not None:
        kinds.note(state, entry)
    change = kinds.apply.get(entry.kind)
    if change is None or entry.v != VERSION:
        return NOT_UNDERSTOOD
    try:
        return change(state, entry, homes)
    except _MALFORMED:
        return MALFORMED


def replay(
    type: str,  # noqa: A002  # the word of the format
    entries: Iterable[Entry],
    homes: frozenset[str],
) -> Any:  # the state of that type
    """The state of a topic after all its entries, from nothing."""
    return replay_with_reasons(type, entries, homes)[0]


def replay_with_reasons(
    type: str,  # noqa: A002  # the word of the format
    entries: Iterable[Entry],
    homes: frozenset[str],
) -> tuple[Any, dict[str, str | None]]:  # the state of that type
    """What `replay` returns, and for each entry's id why it does not count, or None."""
    kinds = kinds_of(type)
    state = kinds.new_state()
    return state, {one.id: apply(kinds, state, one, homes) for one in ordered(entries)}


def begin(
    session: Session,
    repository_id: int,
    *,
    type: str,  # noqa: A002  # the word of the format
    person: Person | None,
    d: Mapping[str, Any],  # what the kind says it holds
    bodies: Sequence[str] = (),
) -> Recorded:
    """Opens a topic: makes its first entry and its rows. Raises TooLarge.

    The repository's own topic is opened before, where it is missing.
    """
    homes: frozenset[str] = frozenset()
    if type != REPOSITORY:
        homes = _homes_with_ours(session, repository_topic(session, repository_id))
    made = recording.open_topic(session, repository_id, type=type, person=person, d=d, bodies=bodies)
    _apply_to_rows(session, made, kinds_of(type).new_state(), homes)
    return made


def act(
    session: Session,
    topic: JournalTopic,
    *,
    kind: str,
    person: Person | None,
    d: Mapping[str, Any],  # what the kind says it holds
    bodies: Sequence[str] = (),
) -> Recorded:
    """Has something happen in a topic: makes the entry and changes the rows.

    The caller has checked that it counts, with the topic locked; raises NotCounted otherwise, and TooLarge.
    """
    session.flush()
    homes = _homes_with_ours(session, topic)
    made = recording.record(session, topic, kind=kind, person=person, d=d, bodies=bodies)
    _apply_to_rows(session, made, _state_before(session, made, homes), homes)
    return made


def repository_topic(session: Session, repository_id: int) -> JournalTopic:
    """The repository's own topic, opened where it is missing."""
    found = recording.find_repository_topic(session, repository_id)
    if found is None:
        # Two who find it missing at the same moment open it one after the other.
        session.execute(select(Repository.id).where(Repository.id == repository_id).with_for_update())
        found = recording.find_repository_topic(session, repository_id)
    return found or open_repository_topic(session, repository_id)


def open_repository_topic(session: Session, repository_id: int) -> JournalTopic:
    """Opens a repository's own topic, which has none yet."""
    keep_key(session)
    # Two repositories that one hub makes in the same second differ in nothing else.
    d = {**load_hub_key(config_of(session)).introduction(), "nonce": secrets.token_hex(16)}
    return begin(session, repository_id, type=REPOSITORY, person=None, d=d).topic


def _homes_with_ours(session: Session, topic: JournalTopic) -> frozenset[str]:
    """The hubs that decide; in a journal that was rebuilt here, this one from now on as well."""
    homes, key = homes_of(session, topic.repository_id), load_hub_key(config_of(session))
    if key.hub_id in homes or is_known(session, topic.repository_id, key.hub_id):
        return homes
    own = recording.find_repository_topic(session, topic.repository_id)
    assert own is not None, "a repository's own topic is its first"
    d = {"hub": key.hub_id, "role": HubRole.HOME.value, **key.introduction()}
    made = recording.record(session, own, kind="hub", person=None, d=d)
    _apply_to_rows(session, made, _state_before(session, made, homes), homes)
    return homes_of(session, topic.repository_id)


def _state_before(session: Session, made: Recorded, homes: frozenset[str]) -> Any:  # of the topic's type
    state = kinds_of(made.topic.type).load(session, made.topic)
    if state is not None:
        return state
    # A topic of another hub that the home has not numbered has no rows.
    entries = recording.list_entries(session, made.topic)
    return replay(made.topic.type, [one for one in entries if one.id != made.entry.id], homes)


def _apply_to_rows(
    session: Session,
    made: Recorded,
    state: Any,  # the one before, whatever it is
    homes: frozenset[str],
) -> None:
    # An act follows everything there is in its topic, so that it is applied last: the rows are the state.
    kinds = kinds_of(made.topic.type)
    why = apply(kinds, state, made.entry, homes)
    if why is not None:
        raise NotCounted(f"{made.entry.kind}: {why}")
    kinds.save(session, made.topic, state)
    session.flush()
