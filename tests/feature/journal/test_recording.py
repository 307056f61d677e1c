"""How entries are made: their bytes, what they follow, their limits, and several at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.accounts import profile_actions
from hub.app import Hub
from hub.errors import TooLarge
from hub.journal.format import codec
from hub.journal.models import JournalBody, JournalEntry, JournalHead, JournalTopic, Person
from hub.journal.openings import open_missing
from hub.journal.people import person_of, set_name
from hub.journal.recording import REPOSITORY, list_entries, record
from hub.journal.replay import NotCounted, act, repository_topic
from tests.factories import drop_journals, make_repository, make_user


def test_stored_bytes_are_the_entry_and_name_it(session: Session) -> None:
    repository, anna = make_repository(session), make_user(session, "anna")
    person_of(session, repository.id, anna.id)
    rows = session.scalars(select(JournalEntry).order_by(JournalEntry.id)).all()
    values = [codec.decode(row.data) for row in rows]
    for row, value in zip(rows, values, strict=True):
        codec.check_entry(value, row.data)
        assert codec.digest(row.data) == row.entry_id
        assert (row.kind, row.t, row.at, row.by, row.hub) == (
            *(value[name] for name in ("kind", "t", "at", "by", "hub")),
        )
    opening, introduction = values
    assert (opening["repo"], opening["topic"], opening["prev"]) == ("", "", [])
    assert introduction["repo"] == introduction["topic"] == rows[0].entry_id
    assert (introduction["prev"], introduction["t"]) == ([rows[0].entry_id], 1)
    [body] = session.scalars(select(JournalBody)).all()
    assert body.content is not None
    assert introduction["bodies"] == [body.digest] == [codec.digest(body.content)]
    assert codec.body_text(body.content) == "anna"


def test_an_entry_follows_every_head_and_becomes_the_only_one(session: Session) -> None:
    topic = repository_topic(session, make_repository(session).id)
    [first] = list_entries(session, topic)
    other = record(session, topic, kind="witness", person=None, d={}).entry
    session.add(JournalHead(topic_id=topic.id, entry_id=first.id))
    session.flush()
    last = record(session, topic, kind="witness", person=None, d={}).entry
    [row] = session.scalars(select(JournalEntry).where(JournalEntry.entry_id == last.id)).all()
    assert codec.decode(row.data)["prev"] == sorted([first.id, other.id])
    assert last.t == 2
    heads = session.scalars(select(JournalHead.entry_id).where(JournalHead.topic_id == topic.id)).all()
    assert heads == [last.id]


def test_what_is_too_long_is_refused_in_words(session: Session) -> None:
    topic = repository_topic(session, make_repository(session).id)
    with pytest.raises(TooLarge, match="This text is too long"):
        record(session, topic, kind="witness", person=None, d={}, bodies=["x" * (1 << 20)])
    with pytest.raises(TooLarge, match="too much to be written down at once"):
        record(session, topic, kind="witness", person=None, d={"x": "x" * (64 << 10)})
    assert len(list_entries(session, topic)) == 1


def test_an_act_that_does_not_count_is_a_defect(hub: Hub) -> None:
    with hub.database.writing() as session:
        topic = repository_topic(session, make_repository(session).id)
        with pytest.raises(NotCounted, match="not understood"), session.begin_nested():
            act(session, topic, kind="poll", person=None, d={})
    with hub.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(JournalEntry)) == 1


def test_twenty_first_acts_at_once_make_one_person_and_a_chain(hub: Hub) -> None:
    with hub.database.writing() as session:
        repository_id, user_id = make_repository(session).id, make_user(session).id

    def act_first(number: int) -> None:
        with hub.database.writing() as writing:
            person = person_of(writing, repository_id, user_id)
            set_name(writing, repository_topic(writing, repository_id), person, f"name {number}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(act_first, range(20)))
    with hub.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 1
        entries = list_entries(session, repository_topic(session, repository_id))
    assert [entry.t for entry in entries] == list(range(22))


def test_a_missing_topic_that_many_want_is_opened_once(hub: Hub) -> None:
    with hub.database.writing() as session:
        repository_ids = [make_repository(session).id for _ in range(3)]
        drop_journals(session)
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(open_missing, [hub.database] * 4))
    assert max(opened) == 3
    with hub.database.reading() as session:
        topics = session.scalars(select(JournalTopic.repository_id).where(JournalTopic.type == REPOSITORY))
        assert sorted(topics) == repository_ids


def test_somebody_renamed_in_many_repositories_is_renamed_in_all(session: Session) -> None:
    anna = make_user(session)
    repositories = [make_repository(session) for _ in range(5)]
    for one in repositories:
        person_of(session, one.id, anna.id)
    profile_actions.rename(session, anna.viewer(), anna, name="anne")
    for one in repositories:
        assert list_entries(session, repository_topic(session, one.id))[-1].bodies == ("anne",)
