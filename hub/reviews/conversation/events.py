"""What happened to a change, in order: read from the newest of its entries."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.issues.models import TopicEdit
from hub.issues.rows import moment
from hub.journal.format import codec
from hub.journal.format.entries import Entry
from hub.journal.models import JournalEntry
from hub.journal.recording import read_entry
from hub.journal.redactions import REDACT
from hub.reviews.conversation.threads import SaidThread
from hub.reviews.faces import Face
from hub.reviews.models import VerdictValue
from hub.reviews.shell import Version
from hub.reviews.wordings import Withheld

MOST_EVENTS: Final = 100


class EventKind(StrEnum):
    """What happened."""

    OPENED = "opened"
    PATCH_SET = "patch_set"
    WORDS = "words"
    DRAFT = "draft"
    READY = "ready"
    TARGET = "target"
    CLOSED = "closed"
    REOPENED = "reopened"
    MERGED = "merged"
    REVIEW = "review"
    TALK = "talk"
    RESOLVED = "resolved"
    UNRESOLVED = "unresolved"
    ASKED = "asked"
    RELEASED = "released"
    DISMISSED = "dismissed"
    TAKEN_AWAY = "taken_away"


@dataclass(frozen=True, slots=True)
class SaidReview:
    """A review; `label` is that of the patch set it is about, `html` its summary, None where it has none.

    `is_gone`: it had one that was taken away (`withheld`: by whom).
    """

    row_id: int
    entry_id: str
    author: Face
    verdict: VerdictValue
    label: str
    html: Markup | None
    is_dismissed: bool
    is_gone: bool = False
    withheld: Withheld | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """A title and a description before and after an edit; None where they were removed or are not known."""

    old_title: str | None
    old_description: str | None
    new_title: str | None
    new_description: str | None


@dataclass(slots=True)
class Event:
    """Something that happened. What it is about depends on its kind; `value` is a target or a commit's id,
    `count` how many texts were taken away.

    `signed_with` is the fingerprint of the author's own key, empty where the hub answers for them.
    """

    kind: EventKind
    who: Face
    at: datetime
    version: Version | None = None
    review: SaidReview | None = None
    words: Words | None = None
    value: str = ""
    count: int = 0
    signed_with: str = ""
    whom: list[Face] = field(default_factory=list)
    threads: list[SaidThread] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Known:
    """What entries refer to: people by `handle@hub`, patch sets, reviews and edits by entry id.

    `signers` are the fingerprints of the keys that signed entries, by entry id.
    """

    people: Mapping[str, Face]
    versions: Mapping[str, Version]
    reviews: Mapping[str, SaidReview]
    words: Mapping[str, Words]
    threads: Mapping[str, SaidThread]
    signers: Mapping[str, str] = field(default_factory=dict)

    def who(self, name: str) -> Face:
        """Somebody by name; nobody in particular where the name is not known."""
        return self.people.get(name) or Face(0, None, None)


def list_newest_entries(
    session: Session, journal_topic_id: int, *, before: int | None, limit: int
) -> tuple[list[Entry], dict[str, str]]:
    """The newest entries that count, with a smaller `t` than `before`, the oldest first, without texts.

    And the fingerprint of the key of those that their authors signed, by entry id.
    """
    query = (
        select(JournalEntry.entry_id, JournalEntry.data, JournalEntry.signature.is_not(None))
        .where(JournalEntry.topic_id == journal_topic_id, JournalEntry.why.is_(None))
        .order_by(JournalEntry.t.desc(), JournalEntry.entry_id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(JournalEntry.t < before)
    rows = session.execute(query).all()
    signers = {entry_id: str(codec.read(data)["key"]) for entry_id, data, is_signed in rows if is_signed}
    return [read_entry(entry_id, data, ()) for entry_id, data, _ in reversed(rows)], signers


def touched_by(entries: Iterable[Entry]) -> list[str]:
    """The global ids of the comments that these entries made or settled."""
    found = []
    for one in entries:
        found += [f"{one.id}.{index}" for index in range(len(one.d.get("comments", ())))]
        if one.kind == "resolve":
            found.append(str(one.d["thread"]))
    return found


def people_in(entries: Iterable[Entry]) -> set[str]:
    """The names of all who act in these entries or are acted upon."""
    found = set()
    for one in entries:
        found.add(one.person)
        if one.kind == "reviewer":
            found.add(str(one.d["person"]))
    return found


def words_of(edits: Sequence[TopicEdit], now: tuple[str | None, str | None]) -> dict[str, Words]:
    """What each edit changed, by its entry id; `edits` are the last ones, `now` is what the change says."""
    after = [(one.title, one.description) for one in edits[1:]] + [now]
    return {
        one.entry_id: Words(one.title, one.description, *then) for one, then in zip(edits, after, strict=True)
    }


def list_events(entries: Iterable[Entry], known: Known) -> list[Event]:
    """The events of these entries; what belongs together is one. A thread stands where it first appears."""
    found: list[Event] = []
    placed: set[str] = set()
    for entry in entries:
        make = _KINDS.get(entry.kind)
        for event in () if make is None else make(entry, known):
            if event.kind in TALKS:
                event.threads = [one for one in event.threads if one.global_id not in placed]
                placed.update(one.global_id for one in event.threads)
                if event.kind is EventKind.TALK and not event.threads:
                    continue
            if not (found and _joined(found[-1], event)):
                found.append(event)
    return found


def _joined(last: Event, event: Event) -> bool:
    """Whether the event became a part of the one before it."""
    if last.kind is EventKind.OPENED and event.kind is EventKind.PATCH_SET and last.version is None:
        last.version = event.version
        return True
    is_same = last.kind is event.kind and last.who == event.who
    if is_same and event.kind in (EventKind.ASKED, EventKind.RELEASED):
        last.whom += event.whom
        return True
    if is_same and event.kind in (EventKind.RESOLVED, EventKind.UNRESOLVED):
        last.threads += [one for one in event.threads if one not in last.threads]
        return True
    return False


# What shows threads; what settles one only names it.
TALKS: Final = (EventKind.TALK, EventKind.REVIEW)


def _event(kind: EventKind, entry: Entry, known: Known) -> Event:
    return Event(kind, known.who(entry.person), moment(entry.at))


def _opened(entry: Entry, known: Known) -> list[Event]:
    return [_event(EventKind.OPENED, entry, known)]


def _patch_set(entry: Entry, known: Known) -> list[Event]:
    event = _event(EventKind.PATCH_SET, entry, known)
    event.version = known.versions.get(entry.id)
    return [event]


def _edited(entry: Entry, known: Known) -> list[Event]:
    found = []
    if "body" in entry.d:
        event = _event(EventKind.WORDS, entry, known)
        event.words = known.words.get(entry.id)
        found.append(event)
    if "draft" in entry.d:
        found.append(_event(EventKind.DRAFT if entry.d["draft"] else EventKind.READY, entry, known))
    if "target" in entry.d:
        event = _event(EventKind.TARGET, entry, known)
        event.value = str(entry.d["target"])
        found.append(event)
    return found


def _state(entry: Entry, known: Known) -> list[Event]:
    kind = EventKind.CLOSED if entry.d["state"] == "closed" else EventKind.REOPENED
    return [_event(kind, entry, known)]


def _merged(entry: Entry, known: Known) -> list[Event]:
    event = _event(EventKind.MERGED, entry, known)
    event.value, event.version = str(entry.d["commit"]), known.versions.get(str(entry.d["ps"]))
    return [event]


def _said(entry: Entry, known: Known) -> list[Event]:
    event = _event(EventKind.TALK, entry, known)
    event.signed_with = known.signers.get(entry.id, "")
    if entry.kind == "review":
        event.kind, event.review = EventKind.REVIEW, known.reviews.get(entry.id)
    ids = [f"{entry.id}.{index}" for index in range(len(entry.d.get("comments", ())))]
    event.threads = list({id(one): one for one in map(known.threads.get, ids) if one is not None}.values())
    return [event]


def _settled(entry: Entry, known: Known) -> list[Event]:
    event = _event(EventKind.RESOLVED if entry.d["resolved"] else EventKind.UNRESOLVED, entry, known)
    thread = known.threads.get(str(entry.d["thread"]))
    event.threads = [] if thread is None else [thread]
    return [event] if thread is not None else []


def _reviewer(entry: Entry, known: Known) -> list[Event]:
    event = _event(EventKind.ASKED if entry.d["on"] else EventKind.RELEASED, entry, known)
    event.whom = [known.who(str(entry.d["person"]))]
    return [event]


def _dismissed(entry: Entry, known: Known) -> list[Event]:
    event = _event(EventKind.DISMISSED, entry, known)
    event.review = known.reviews.get(str(entry.d["review"]))
    return [event]


def _taken_away(entry: Entry, known: Known) -> list[Event]:
    event = _event(EventKind.TAKEN_AWAY, entry, known)
    event.count = len(entry.d["bodies"])
    return [event]


_KINDS: Final[Mapping[str, Callable[[Entry, Known], list[Event]]]] = {
    "open": _opened,
    "patchset": _patch_set,
    "edit": _edited,
    "state": _state,
    "merge": _merged,
    "review": _said,
    "comment": _said,
    "resolve": _settled,
    "reviewer": _reviewer,
    "dismiss": _dismissed,
    REDACT: _taken_away,
}
