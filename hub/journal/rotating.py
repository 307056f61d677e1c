"""The hub is given another key: introduced under the old one in every journal, then the old one withdrawn.

While the hub is served. What may happen meanwhile, and why it verifies (see `ring`):

- An entry that names the old key is receipted by the new one: entries may name any key that the hub had.
- A repository is made: nobody opens a journal between the last look for journals that do not know the new key
  and the change (`key_turns`). Those that are opened later begin with both.
- An export that began before the change signs with the old key: it ends before the withdrawal is written
  down, because exports of one repository wait for each other and each takes the key in its turn.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from hub.config import Config
from hub.db import Database
from hub.errors import Conflict, text
from hub.journal.keys.hub_key import HubKey, key_file, load_hub_key, load_next_key, next_file, switch_to, tidy
from hub.journal.keys.key_turns import take_key
from hub.journal.models import JournalHub, JournalKey
from hub.journal.openings import open_missing
from hub.journal.recording import find_repository_topic, lock
from hub.journal.replay import act
from hub.repos.git import store

_LOCK: Final = "journal_ed25519.lock"

Export = Callable[[Database, int], object]
# Called by tests at each point where a crash may leave things.
Stop = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Rotated:
    """What was done: the key there was, the key there is, and how many journals learned of it.

    `went_on` says that an earlier command had begun it.
    """

    old: HubKey
    new: HubKey
    journals: int
    went_on: bool


def rotate_key(database: Database, export: Export, *, stop: Stop = lambda _: None) -> Rotated:
    """Gives the hub another key; after a crash at any step a further call ends what was begun.

    Raises Conflict while another process is at it, ValueError for files that hold no keys of the hub.
    """
    config = database.config
    with _alone(config):
        old = load_hub_key(config)
        went_on = is_begun(database)
        if not went_on or next_file(config).exists():
            new = load_next_key(config)
            stop("made")
            if new.public != old.public:
                _introduce_everywhere(database, new, export, stop)
            stop("changed")
            tidy(config)
            stop("tidied")
        new = load_hub_key(config)
        return Rotated(old, new, _withdraw_others(database, new, export, stop), went_on)


def is_begun(database: Database) -> bool:
    """Whether the hub's key began to be changed and that did not end."""
    if next_file(database.config).exists():
        return True
    with database.reading() as session:
        return bool(_list_others(session, load_hub_key(database.config)))


def count_unaware(database: Database) -> int:
    """How many journals in which the hub speaks do not know its key: none, unless files were exchanged."""
    with database.reading() as session:
        return len(_list_unaware(session, load_hub_key(database.config)))


@contextmanager
def _alone(config: Config) -> Iterator[None]:
    with store.holding(key_file(config).parent, _LOCK) as is_held:
        if not is_held:
            raise Conflict(
                text("The key of the hub is being changed by another command."),
                next_step=text("Wait for it to end. `hub journal show-key` tells the key."),
            )
        yield


def _introduce_everywhere(database: Database, new: HubKey, export: Export, stop: Stop) -> None:
    open_missing(database)
    with database.reading() as session:
        wanted = _list_journals(session, new)
    while True:
        for one in wanted:
            _introduce(database, one, new)
            stop("introduced")
            export(database, one)
            stop("introduction exported")
        with database.writing() as session:
            take_key(session)
            wanted = _list_unaware(session, new)
            if not wanted:
                switch_to(database.config, new)
                return


def _introduce(database: Database, repository_id: int, new: HubKey) -> None:
    with database.writing() as session:
        topic = find_repository_topic(session, repository_id)
        if topic is None:
            return  # its repository was purged meanwhile
        lock(session, topic)
        if repository_id in _list_unaware(session, new):
            act(session, topic, kind="key", person=None, d=_about(new.hub_id, new.public, is_on=True))


def _withdraw_others(database: Database, now: HubKey, export: Export, stop: Stop) -> int:
    with database.reading() as session:
        wanted = _list_others(session, now)
    for one in wanted:
        # Whoever exports with the key of before has ended after this, and the next one takes the new key.
        export(database, one)
        stop("exported")
        _withdraw(database, one, now)
        stop("withdrawn")
        export(database, one)
        stop("withdrawal exported")
    return len(wanted)


def _withdraw(database: Database, repository_id: int, now: HubKey) -> None:
    with database.writing() as session:
        topic = find_repository_topic(session, repository_id)
        if topic is None:
            return
        lock(session, topic)
        is_other = _is_good_key_of(now.hub_id) & (JournalKey.fingerprint != now.fingerprint)
        others = select(JournalKey.public_key).where(JournalKey.repository_id == repository_id, is_other)
        for public in session.scalars(others.order_by(JournalKey.fingerprint)).all():
            act(session, topic, kind="key", person=None, d=_about(now.hub_id, public, is_on=False))


def _about(hub_id: str, public: str, *, is_on: bool) -> dict[str, str | bool]:
    return {"hub": hub_id, "key": public, "on": is_on}


def _list_journals(session: Session, key: HubKey) -> Sequence[int]:
    """The repositories in whose journals the hub speaks, also those that may be brought back."""
    is_ours = JournalHub.hub == key.hub_id
    return session.scalars(
        select(JournalHub.repository_id).where(is_ours).order_by(JournalHub.repository_id)
    ).all()


def _list_unaware(session: Session, key: HubKey) -> Sequence[int]:
    knows = _is_good_key_of(key.hub_id) & (JournalKey.fingerprint == key.fingerprint)
    aware = select(JournalKey.repository_id).where(knows)
    wanted = select(JournalHub.repository_id).where(JournalHub.hub == key.hub_id)
    unaware = wanted.where(JournalHub.repository_id.not_in(aware)).order_by(JournalHub.repository_id)
    return session.scalars(unaware).all()


def _list_others(session: Session, key: HubKey) -> Sequence[int]:
    """The repositories whose journals know a good key of the hub beside this one."""
    is_other = _is_good_key_of(key.hub_id) & (JournalKey.fingerprint != key.fingerprint)
    found = select(JournalKey.repository_id).where(is_other).distinct().order_by(JournalKey.repository_id)
    return session.scalars(found).all()


def _is_good_key_of(hub_id: str) -> ColumnElement[bool]:
    return (JournalKey.holder == hub_id) & JournalKey.withdrawn_in.is_(None)
