"""The people of this hub as journals name them: 64 random bits for each account, once and for ever."""

import secrets
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import SshKey, User
from hub.db import config_of
from hub.journal.keys.hub_key import load_hub_key
from hub.journal.models import JournalKey, JournalTopic, KnownPerson, Person
from hub.journal.person_rows import ids_of as ids_of
from hub.journal.person_rows import names_of as names_of
from hub.journal.recording import REPOSITORY, lock
from hub.journal.replay import act, repository_topic

_HANDLE_BYTES: Final = 8


def person_of(session: Session, repository_id: int, user_id: int) -> Person:
    """The person of an account, introduced to the repository's journal where they act for the first time.

    Ask for everybody who appears in an act before its topic is locked: whoever waits for two topics at once
    waits for the repository's own first.
    """
    person = find_person(session, user_id) or _make_person(session, user_id)
    if not _is_known(session, repository_id, person):
        topic = repository_topic(session, repository_id)
        lock(session, topic)
        if not _is_known(session, repository_id, person):
            _introduce(session, topic, person, user_id)
    return person


def hub_person(session: Session) -> Person:
    """The hub itself, which acts under no handle."""
    name = f"@{load_hub_key(config_of(session)).hub_id}"
    return session.get_one(Person, ids_of(session, [name])[name])


def find_person(session: Session, user_id: int) -> Person | None:
    """The person of an account, where it has acted in a journal before."""
    return session.scalars(select(Person).where(Person.user_id == user_id)).one_or_none()


def set_name(session: Session, topic: JournalTopic, person: Person, name: str) -> None:
    """Writes down what the person is called from now on, in a repository's own topic."""
    act(session, topic, kind="person", person=None, d={"person": person.global_id}, bodies=[name])


def set_key(session: Session, topic: JournalTopic, person: Person, public: str, *, is_on: bool) -> None:
    """Writes down that a key is the person's from now on, or no longer, in a repository's own topic."""
    d = {"key": public, "on": is_on, "person": person.global_id}
    act(session, topic, kind="key", person=None, d=d)


def list_topics_that_know(session: Session, person: Person) -> list[JournalTopic]:
    """The own topics of the repositories in which the person acted, oldest first."""
    topics = (
        select(JournalTopic)
        .join(KnownPerson, KnownPerson.repository_id == JournalTopic.repository_id)
        .where(JournalTopic.type == REPOSITORY, KnownPerson.person_id == person.id)
        .order_by(JournalTopic.id)
    )
    return list(session.scalars(topics))


def list_keys(
    session: Session, topic: JournalTopic, person: Person, *, fingerprint: str | None = None
) -> list[str]:
    """The lines of the person's good keys as the topic knows them; of that fingerprint only, where given."""
    keys = (
        select(JournalKey.public_key)
        .where(JournalKey.repository_id == topic.repository_id, JournalKey.holder == person.global_id)
        .where(JournalKey.withdrawn_in.is_(None))
        .order_by(JournalKey.fingerprint)
    )
    if fingerprint is not None:
        keys = keys.where(JournalKey.fingerprint == fingerprint)
    return list(session.scalars(keys))


def _make_person(session: Session, user_id: int) -> Person:
    # Two first acts at the same moment make one person.
    name = session.execute(select(User.name).where(User.id == user_id).with_for_update()).scalar_one()
    found = find_person(session, user_id)
    if found is not None:
        return found
    person = Person(
        handle=secrets.token_hex(_HANDLE_BYTES),
        hub=load_hub_key(config_of(session)).hub_id,
        user_id=user_id,
        name=name,
    )
    session.add(person)
    session.flush()
    return person


def _is_known(session: Session, repository_id: int, person: Person) -> bool:
    is_it = (KnownPerson.repository_id == repository_id) & (KnownPerson.person_id == person.id)
    return session.scalar(select(KnownPerson.person_id).where(is_it)) is not None


def _introduce(session: Session, topic: JournalTopic, person: Person, user_id: int) -> None:
    set_name(session, topic, person, session.get_one(User, user_id).name)
    keys = select(SshKey.public_key).where(SshKey.user_id == user_id).order_by(SshKey.id)
    for public in session.scalars(keys).all():
        set_key(session, topic, person, public, is_on=True)
