"""What journals hear of: repositories that are made, people who are renamed or leave, and their keys."""

from contextlib import suppress

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import SshKey, User
from hub.db import Database
from hub.errors import Unavailable
from hub.events import (
    JournalGrew,
    KeyAdded,
    KeyWithdrawn,
    PersonDeleted,
    PersonRenamed,
    RepositoryCreated,
    WordsTakenAway,
    on,
)
from hub.jobs import at_start, enqueue, every, job
from hub.journal.forgetting import forget
from hub.journal.linking import follow_name
from hub.journal.openings import open_missing
from hub.journal.people import find_person, list_keys, list_topics_that_know, set_key, set_name
from hub.journal.refs import export_sweeps, exporting
from hub.journal.refs.purging import purge_all
from hub.journal.replay import open_repository_topic


@on(RepositoryCreated)
def begin_journal(session: Session, event: RepositoryCreated) -> None:
    """Opens the own topic of a repository that was just made."""
    if not event.journal:
        open_repository_topic(session, event.repository_id)


@on(PersonRenamed)
def note_name(session: Session, event: PersonRenamed) -> None:
    """Writes the new name down wherever the person acted."""
    follow_name(session, event.user_id, session.get_one(User, event.user_id).name)
    person = find_person(session, event.user_id)
    if person is None:
        return
    person.name = session.get_one(User, event.user_id).name
    for topic in list_topics_that_know(session, person):
        set_name(session, topic, person, person.name)


@on(KeyAdded)
def note_key(session: Session, event: KeyAdded) -> None:
    """Writes the key down wherever the person acted; elsewhere they bring it along."""
    person = find_person(session, event.user_id)
    if person is None:
        return
    is_it = SshKey.fingerprint == event.fingerprint
    public = session.execute(select(SshKey.public_key).where(is_it)).scalar_one()
    for topic in list_topics_that_know(session, person):
        set_key(session, topic, person, public, is_on=True)


@on(KeyWithdrawn)
def note_withdrawal(session: Session, event: KeyWithdrawn) -> None:
    """Writes down wherever the key is known that it is the person's no longer."""
    person = find_person(session, event.user_id)
    if person is None:
        return
    for topic in list_topics_that_know(session, person):
        for public in list_keys(session, topic, person, fingerprint=event.fingerprint):
            set_key(session, topic, person, public, is_on=False)


@on(PersonDeleted)
def forget_person(session: Session, event: PersonDeleted) -> None:
    """Withholds the person's name wherever they acted, and lets go of the account."""
    follow_name(session, event.user_id, None)
    person = find_person(session, event.user_id)
    if person is not None:
        forget(session, person)


@every(minutes=10)
def open_missing_topics(database: Database) -> None:
    """Begins the journal of repositories that stand without one."""
    open_missing(database)


@on(JournalGrew)
def begin_export(session: Session, event: JournalGrew) -> None:
    """Has the worker write what was said and decided to the repository's refs."""
    enqueue(session, export, event.repository_id)


@job
def export(database: Database, repository_id: int) -> None:
    """Writes the journal of the repository to its refs."""
    # Whoever is at it looks again when they are done.
    with suppress(Unavailable):
        exporting.export(database, repository_id, wait_seconds=0)


@on(WordsTakenAway)
def begin_purge(session: Session, _: WordsTakenAway) -> None:
    """Has the worker remove what is left of them."""
    enqueue(session, purge_words)


@job
def purge_words(database: Database) -> None:
    """Removes what is left of texts that were taken away."""
    purge_all(database)


@every(minutes=10)
def purge_again(database: Database) -> None:
    """Removes what is left of those that somebody stood in the way of, or a crash."""
    purge_all(database)


@every(minutes=5)
def export_waiting(database: Database) -> None:
    """Writes those that a crash left out."""
    export_sweeps.export_waiting(database)


@every(minutes=60)
def look_at_journals(database: Database) -> None:
    """Finds refs of journals that somebody else moved."""
    export_sweeps.look_everywhere(database)


@at_start
def look_at_heads(database: Database) -> None:
    """Brings an older database up to what the refs of its journals say, before anybody acts on it."""
    export_sweeps.look_at_heads(database)
