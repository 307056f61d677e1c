"""Takes a signed entry in, in the transaction in which its push is judged: whoever reads "ok" has said it."""

from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.errors import Conflict, Forbidden, HubError, NotFound, text
from hub.events import RefsUpdated
from hub.issues.models import Topic
from hub.journal.arriving import replay_topics
from hub.journal.format.entries import Entry
from hub.journal.keys.public_keys import wire_form
from hub.journal.models import JournalEntry, JournalHead, JournalKey, JournalTopic, Person
from hub.journal.people import list_keys, person_of
from hub.journal.recording import lock, read_entry, record_signed
from hub.journal.replay import repository_topic
from hub.repos.models import Repository
from hub.repos.pushes import PushContext
from hub.repos.pushing.namespaces import Grant
from hub.repos.pushing.push_policy import Refusal
from hub.reviews.changes import OpenedChange, get_change
from hub.reviews.intake.push_texts import change_url
from hub.reviews.signed.looking import Arrived, Greeting, refuse
from hub.reviews.signed.rules import check_act
from hub.signing import fingerprint_of

# What a client reads of the answer to a greeting.
PERSON_LINE: Final = "journal-person"
KEY_LINE: Final = "journal-key"
# Entries beside each other that no other follows yet; the next act names all of them, and at most 64.
MOST_HEADS: Final = 32


def judge(
    session: Session, push: PushContext, repository: Repository, found: Arrived | Greeting
) -> Grant | Refusal:
    """Takes the entry in and says where it is shown, or says in words why not."""
    try:
        if isinstance(found, Greeting):
            return Grant((), lines=_greet(session, push, repository))
        return Grant((), lines=_take(session, push, repository, found))
    except HubError as error:
        return refuse(error.as_text().strip())


def record(_: Session, __: RefsUpdated) -> list[str]:
    """Nothing: no ref moves for an entry."""
    return []


def _greet(session: Session, push: PushContext, repository: Repository) -> tuple[str, ...]:
    person, topic = _introduced(session, push, repository)
    keys = [fingerprint_of(wire_form(public)) for public in list_keys(session, topic, person)]
    return (f"{PERSON_LINE} {person.global_id}", *(f"{KEY_LINE} {one}" for one in keys))


def _introduced(session: Session, push: PushContext, repository: Repository) -> tuple[Person, JournalTopic]:
    """The pusher as the journal knows them, and the repository's own topic, locked.

    So no key is withdrawn between this look at it and the entry that it signed: receipts follow that order.
    """
    assert push.viewer.user_id is not None, "strangers were refused"
    topic = repository_topic(session, repository.id)
    lock(session, topic)
    return person_of(session, repository.id, push.viewer.user_id), topic


def _take(session: Session, push: PushContext, repository: Repository, found: Arrived) -> tuple[str, ...]:
    value = found.value
    person, _ = _introduced(session, push, repository)
    _require_own(session, repository, person, value)
    number = _get_number(session, repository, value["topic"])
    opened = get_change(session, push.viewer, repository.path, number, locks=True)
    _require_ancestors(session, opened, found)
    entry = read_entry(found.signed.id, found.signed.data, found.signed.bodies)
    check_act(session, push.viewer, opened, entry)
    record_signed(session, opened.journal_topic, found.signed)
    _apply(session, opened, entry)
    return (
        f"{_SAID[entry.kind]} change {number}, signed with {value['key']}:",
        f"  {change_url(push.base_url, repository.path, number)}",
    )


def _apply(session: Session, opened: OpenedChange, entry: Entry) -> None:
    replay_topics(session, [opened.journal_topic])
    why = session.scalar(select(JournalEntry.why).where(JournalEntry.entry_id == entry.id))
    if why is not None:
        raise Conflict(text("The entry does not count."), text("Replayed with the others: %(why)s.", why=why))


def _require_own(
    session: Session,
    repository: Repository,
    person: Person,
    value: dict[str, Any],  # the fields of an entry
) -> None:
    if (value["by"], value["hub"]) != (person.handle, person.hub):
        raise Forbidden(
            text("The entry is somebody else's."),
            text("It says that %(by)s acts, and you are %(you)s here.", by=value["by"], you=person.handle),
            text("Push it with the account of its author."),
        )
    is_it = (JournalKey.repository_id == repository.id) & (JournalKey.holder == person.global_id)
    is_good = (JournalKey.fingerprint == value["key"]) & JournalKey.withdrawn_in.is_(None)
    if session.scalar(select(JournalKey.fingerprint).where(is_it, is_good)) is None:
        raise Forbidden(
            text("%(key)s is no key of yours.", key=value["key"][:60]),
            text("It was never added to your account, or it was removed."),
            text("Sign with another one: hub review --key FILE"),
        )


def _get_number(session: Session, repository: Repository, topic_id: str) -> int:
    numbered = (
        select(Topic.number)
        .join(JournalTopic, JournalTopic.id == Topic.journal_id)
        .where(JournalTopic.repository_id == repository.id, JournalTopic.topic_id == topic_id)
    )
    number = session.scalar(numbered)
    if number is None:
        raise NotFound(text("The entry is about no change of this repository."))
    return number


def _require_ancestors(session: Session, opened: OpenedChange, found: Arrived) -> None:
    value = found.value
    of_topic = JournalEntry.topic_id == opened.journal_topic.id
    if session.scalar(select(JournalEntry.id).where(JournalEntry.entry_id == found.signed.id)) is not None:
        raise Conflict(text("The journal holds this entry already."))
    rows = session.execute(
        select(JournalEntry.entry_id, JournalEntry.t).where(
            of_topic, JournalEntry.entry_id.in_(value["prev"])
        )
    )
    times = dict(rows.all())
    if times.keys() != set(value["prev"]) or not times:
        raise Conflict(
            text("The entry follows others that are not in this change."),
            next_step=text("Fetch the change's record again, and sign another entry."),
        )
    if value["t"] != 1 + max(times.values()):
        raise Conflict(
            text(
                "The entry has the place %(t)s, and follows one at %(last)s.",
                t=value["t"],
                last=max(times.values()),
            ),
            next_step=text("Sign it again with `hub review`."),
        )
    of_topic = JournalHead.topic_id == opened.journal_topic.id
    others = select(func.count()).where(of_topic, JournalHead.entry_id.not_in(value["prev"]))
    if session.execute(others).scalar_one() >= MOST_HEADS:
        raise Conflict(
            text("Too much was said since."),
            text("The entry follows what is long past."),
            text("Sign it again with `hub review`."),
        )


_SAID: Final = {
    "review": "Your review of",
    "comment": "Your comment on",
    "resolve": "What you resolved in",
}
