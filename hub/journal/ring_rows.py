"""The rows of a repository's own topic: the hubs, keys and people that its journal knows."""

from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from hub.db import Base
from hub.journal.kinds import Kinds, register
from hub.journal.models import JournalHub, JournalKey, JournalTopic, KnownPerson, Person
from hub.journal.person_rows import ids_of
from hub.journal.recording import REPOSITORY
from hub.journal.ring import APPLY, HubRole, KnownKey, KnownName, Ring, note_entry

_HUBS: Final = Base.metadata.tables[JournalHub.__tablename__]
_HOMES: Final = select(_HUBS.c.hub).where(
    _HUBS.c.repository_id == bindparam("in_repository"), _HUBS.c.role == HubRole.HOME.value
)


def homes_of(session: Session, repository_id: int) -> frozenset[str]:
    """The hubs that decide in this repository."""
    return frozenset(session.connection().execute(_HOMES, {"in_repository": repository_id}).scalars())


def is_known(session: Session, repository_id: int, hub: str) -> bool:
    """Whether the journal of the repository knows this hub, as a home or as another one."""
    return session.get(JournalHub, (repository_id, hub)) is not None


def load(session: Session, topic: JournalTopic) -> Ring:
    """Who the journal of the topic's repository knows."""
    hubs = _hubs(session, topic).values()
    return Ring(
        hubs={one.hub: HubRole(one.role) for one in hubs},
        self_appointed={one.hub for one in hubs if one.is_self_appointed},
        keys={
            place: KnownKey(one.public_key, one.withdrawn_in) for place, one in _keys(session, topic).items()
        },
        people={
            person.global_id: KnownName(person.name, known.digest)
            for known, person in _people(session, topic).values()
        },
    )


def save(session: Session, topic: JournalTopic, ring: Ring) -> None:
    """Writes what differs."""
    _save_hubs(session, topic, ring)
    _save_keys(session, topic, ring)
    _save_people(session, topic, ring)
    session.flush()


def _save_hubs(session: Session, topic: JournalTopic, ring: Ring) -> None:
    rows = _hubs(session, topic)
    for hub, role in ring.hubs.items():
        row = rows.get(hub)
        if row is None:
            row = JournalHub(repository_id=topic.repository_id, hub=hub)
            session.add(row)
        row.role, row.is_self_appointed = role.value, hub in ring.self_appointed


def _save_keys(session: Session, topic: JournalTopic, ring: Ring) -> None:
    rows = _keys(session, topic)
    for (holder, fingerprint), key in ring.keys.items():
        row = rows.get((holder, fingerprint))
        if row is None:
            row = JournalKey(repository_id=topic.repository_id, holder=holder, fingerprint=fingerprint)
            session.add(row)
        row.public_key, row.withdrawn_in = key.public, key.withdrawn_in


def _save_people(session: Session, topic: JournalTopic, ring: Ring) -> None:
    rows = _people(session, topic) if ring.people else {}
    ids = ids_of(session, ring.people.keys() - rows.keys())
    for person, known in ring.people.items():
        if person in rows:
            row, named = rows[person]
            row.digest = known.digest
        else:
            named = session.get_one(Person, ids[person])
            session.add(
                KnownPerson(repository_id=topic.repository_id, person_id=named.id, digest=known.digest)
            )
        named.name = known.name


def _hubs(session: Session, topic: JournalTopic) -> dict[str, JournalHub]:
    is_here = JournalHub.repository_id == topic.repository_id
    return {one.hub: one for one in session.scalars(select(JournalHub).where(is_here))}


def _keys(session: Session, topic: JournalTopic) -> dict[tuple[str, str], JournalKey]:
    is_here = JournalKey.repository_id == topic.repository_id
    rows = session.scalars(select(JournalKey).where(is_here))
    return {(one.holder, one.fingerprint): one for one in rows}


def _people(session: Session, topic: JournalTopic) -> dict[str, tuple[KnownPerson, Person]]:
    rows = session.execute(
        select(KnownPerson, Person)
        .join(Person, Person.id == KnownPerson.person_id)
        .where(KnownPerson.repository_id == topic.repository_id)
    )
    return {person.global_id: (known, person) for known, person in rows}


register(REPOSITORY, Kinds(new_state=Ring, apply=APPLY, load=load, save=save, note=note_entry))
