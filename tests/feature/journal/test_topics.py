"""The repository's own topic: opened with it, told of people and keys, forgetting whom it must."""

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts import key_actions, leaving, profile_actions
from hub.app import Hub
from hub.data_folder import prepare
from hub.journal.keys.hub_key import load_hub_key
from hub.journal.models import JournalBody, JournalKey, JournalTopic, Person
from hub.journal.people import find_person, hub_person, ids_of, names_of, person_of
from hub.journal.recording import find_repository_topic, find_topic, list_entries
from hub.journal.replay import replay_with_reasons
from hub.journal.ring import HubRole, Ring
from hub.journal.ring_rows import homes_of, load
from hub.repos.models import Repository
from tests.factories import drop_journals, make_key, make_repository, make_user, unique, write_key


def _topic(session: Session, repository: Repository) -> JournalTopic:
    topic = find_repository_topic(session, repository.id)
    assert topic is not None
    return topic


def _kinds(session: Session, repository: Repository) -> list[str]:
    return [entry.kind for entry in list_entries(session, _topic(session, repository))]


def _check_replay(session: Session, repository: Repository) -> Ring:
    """The state of the rows, which is that of a replay from nothing."""
    topic = _topic(session, repository)
    state, reasons = replay_with_reasons("repo", list_entries(session, topic), frozenset())
    session.expire_all()
    assert load(session, topic) == state
    assert set(reasons.values()) == {None}
    assert isinstance(state, Ring)
    return state


def test_a_new_repository_has_a_topic_that_the_hub_opened(session: Session, hub: Hub) -> None:
    repository = make_repository(session)
    topic, key = _topic(session, repository), load_hub_key(hub.config)
    [entry] = list_entries(session, topic)
    assert (entry.kind, entry.by, entry.hub, entry.t, entry.topic) == ("repo", "", key.hub_id, 0, "")
    assert entry.id == topic.topic_id
    assert entry.d["key"] == key.public
    assert homes_of(session, repository.id) == {key.hub_id}
    assert _check_replay(session, repository).hubs == {key.hub_id: HubRole.HOME}
    assert find_topic(session, repository.id, topic.topic_id) is topic


def test_a_repository_that_stands_already_gets_its_topic(hub: Hub) -> None:
    with hub.database.writing() as session:
        repository_id = make_repository(session).id
        drop_journals(session)
    prepare(hub.config)
    with hub.database.reading() as session:
        assert _kinds(session, session.get_one(Repository, repository_id)) == ["repo"]


def test_a_person_is_introduced_once_with_their_keys(session: Session, tmp_path: Path) -> None:
    repository, anna = make_repository(session), make_user(session, "anna")
    key = make_key(session, anna, tmp_path / "key")
    person = person_of(session, repository.id, anna.id)
    assert person_of(session, repository.id, anna.id) is person
    assert (len(person.handle), person.user_id, person.name) == (16, anna.id, "anna")
    assert _kinds(session, repository) == ["repo", "person", "key"]
    ring = _check_replay(session, repository)
    assert list(ring.keys_of(person.global_id)) == [key.fingerprint]


ECDSA = (
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBKcotexeAAg6S2jVUrhtDdtaUmYzDVY"
    "OpAW7V+iH0d9MOqjknlmLPFif8I7WT9hBhIV/V0faXD+Y19FnDPZ2xXk="
)
SECURITY_KEY = (
    "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9ok"
    "Wi0dh2l9GKJlAAAABHNzaDo="
)


def test_keys_of_every_kind_are_carried_as_they_are(session: Session) -> None:
    repository, anna = make_repository(session), make_user(session)
    person = person_of(session, repository.id, anna.id)
    for line in (ECDSA, SECURITY_KEY):
        key_actions.add_key(session, anna.viewer(), anna, title="", text=f"{line} anna@desk")
    known = _check_replay(session, repository).keys_of(person.global_id)
    assert {one.public for one in known.values()} == {ECDSA, SECURITY_KEY}


def test_a_key_is_withdrawn_and_given_again(session: Session, tmp_path: Path) -> None:
    repository, anna = make_repository(session), make_user(session)
    person, public = person_of(session, repository.id, anna.id), write_key(tmp_path / "key")
    for _ in range(2):
        key = key_actions.add_key(session, anna.viewer(), anna, title="", text=public)
        key_actions.remove_key(session, anna.viewer(), anna, key_id=key.id)
    key = key_actions.add_key(session, anna.viewer(), anna, title="", text=public)
    assert _kinds(session, repository) == ["repo", "person", *["key"] * 5]
    assert list(_check_replay(session, repository).keys_of(person.global_id)) == [key.fingerprint]


def test_a_person_is_the_same_in_every_repository(session: Session) -> None:
    one, other, anna = make_repository(session), make_repository(session), make_user(session)
    assert person_of(session, one.id, anna.id) is person_of(session, other.id, anna.id)
    assert _kinds(session, one) == _kinds(session, other) == ["repo", "person"]


def test_a_new_name_is_written_down_where_the_person_acted(session: Session) -> None:
    acted, other, anna = make_repository(session), make_repository(session), make_user(session)
    person = person_of(session, acted.id, anna.id)
    name = unique("anna")
    profile_actions.rename(session, anna.viewer(), anna, name=name)
    assert _kinds(session, acted) == ["repo", "person", "person"]
    assert _kinds(session, other) == ["repo"]
    assert _check_replay(session, acted).people[person.global_id].name == name == person.name


def test_keys_are_written_down_where_the_person_acted(session: Session, tmp_path: Path) -> None:
    repository, anna = make_repository(session), make_user(session)
    person = person_of(session, repository.id, anna.id)
    key = key_actions.add_key(session, anna.viewer(), anna, title="", text=write_key(tmp_path / "key"))
    assert list(_check_replay(session, repository).keys_of(person.global_id)) == [key.fingerprint]
    key_actions.remove_key(session, anna.viewer(), anna, key_id=key.id)
    assert _check_replay(session, repository).keys_of(person.global_id) == {}
    assert _kinds(session, repository) == ["repo", "person", "key", "key"]
    withdrawn = select(JournalKey.withdrawn_in).where(JournalKey.holder == person.global_id)
    assert session.scalars(withdrawn).one() == list_entries(session, _topic(session, repository))[-1].id


def test_what_happens_to_somebody_who_never_acted_is_written_nowhere(
    session: Session, tmp_path: Path
) -> None:
    repository, anna = make_repository(session), make_user(session)
    key = make_key(session, anna, tmp_path / "key")
    profile_actions.rename(session, anna.viewer(), anna, name=unique("anna"))
    key_actions.remove_key(session, anna.viewer(), anna, key_id=key.id)
    leaving.delete_account(session, anna.viewer(), anna)
    assert _kinds(session, repository) == ["repo"]
    assert find_person(session, anna.id) is None


def test_a_deleted_person_is_forgotten(session: Session, tmp_path: Path) -> None:
    repository, anna = make_repository(session), make_user(session)
    make_key(session, anna, tmp_path / "key")
    person = person_of(session, repository.id, anna.id)
    profile_actions.rename(session, anna.viewer(), anna, name=unique("anna"))
    leaving.delete_account(session, anna.viewer(), anna)
    assert _kinds(session, repository) == ["repo", "person", "key", "person", "key", "redact"]
    assert session.scalars(select(JournalBody.content)).all() == [None, None]
    ring = _check_replay(session, repository)
    assert ring.people[person.global_id].name is None
    assert ring.keys_of(person.global_id) == {}
    assert (person.name, person.user_id) == (None, None)


def test_rows_of_people_are_found_and_made_by_what_hubs_call_them(session: Session) -> None:
    repository, anna = make_repository(session), make_user(session, "anna")
    person = person_of(session, repository.id, anna.id)
    stranger = f"{'a' * 16}@{'b' * 64}"
    ids = ids_of(session, {person.global_id, stranger})
    assert ids[person.global_id] == person.id
    assert session.get_one(Person, ids[stranger]).hub == "b" * 64
    assert ids_of(session, {stranger}) == {stranger: ids[stranger]}
    assert names_of(session, ids.values()) == {person.id: "anna", ids[stranger]: None}
    assert hub_person(session).handle == ""
    assert hub_person(session) is hub_person(session)


def test_somebody_without_a_known_shape_is_refused(session: Session) -> None:
    with pytest.raises(ValueError, match="unpack"):
        ids_of(session, {"anna"})
