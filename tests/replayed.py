"""Compares the rows of topics with a replay of their entries from nothing: nothing else changed them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from hub.db import Base, Database
from hub.journal.format import codec
from hub.journal.kinds import kinds_of
from hub.journal.models import JournalBody, JournalEntry, JournalHead, JournalTopic, Person
from hub.journal.recording import REPOSITORY, get_repository_topic_id, list_entries
from hub.journal.replay import replay_with_reasons
from hub.journal.ring_rows import homes_of

# What entries do not say: whose account somebody is, when the row was made, and what nothing writes yet.
LOCAL_COLUMNS: dict[type[Base], frozenset[str]] = {
    Person: frozenset({"user_id", "account_id", "account_name"}),
    JournalTopic: frozenset({"created_at"}) | {"ref", "tip", "needs_rewriting"},
    JournalEntry: frozenset({"signature"}) | {"receipt_id", "position", "origin_id"},
}


def check_all(database: Database) -> None:
    """Raises AssertionError where the rows of a topic are not what its entries make."""
    with database.reading() as session:
        check_topics(session)


def check_topics(session: Session) -> None:
    """Does so for what the session sees; writes nothing."""
    for topic in session.scalars(select(JournalTopic).order_by(JournalTopic.id)).all():
        _check_entries(session, topic)
        entries = list_entries(session, topic)
        kinds, homes = kinds_of(topic.type), homes_of(session, topic.repository_id)
        state, reasons = replay_with_reasons(topic.type, entries, homes)
        stored = select(JournalEntry.entry_id, JournalEntry.why).where(JournalEntry.topic_id == topic.id)
        assert dict(session.execute(stored).all()) == reasons
        assert kinds.load(session, topic) == state
        # The state is not all there is: what `save` derives from it has its columns, too.
        with _writes(session) as writes:
            kinds.save(session, topic, state)
            session.flush()
        assert writes == []


@contextmanager
def _writes(session: Session) -> Iterator[list[str]]:
    found: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if not statement.lstrip().startswith("SELECT"):
            found.append(statement)

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(connection, "before_cursor_execute", note)


def _check_entries(session: Session, topic: JournalTopic) -> None:
    rows = session.scalars(select(JournalEntry).where(JournalEntry.topic_id == topic.id)).all()
    repository = "" if topic.type == REPOSITORY else get_repository_topic_id(session, topic.repository_id)
    followed: set[str] = set()
    for row in rows:
        value = codec.decode(row.data)
        codec.check_entry(value, row.data)
        assert row.entry_id == codec.digest(row.data)
        assert value["topic"] == ("" if row.entry_id == topic.topic_id else topic.topic_id)
        assert value["repo"] == ("" if row.kind == "repo" else repository or topic.topic_id)
        said = (row.kind, row.t, row.at, row.by, row.hub)
        assert said == tuple(value[name] for name in ("kind", "t", "at", "by", "hub"))
        followed.update(value["prev"])
        if row.entry_id == topic.topic_id:
            assert topic.type == (REPOSITORY if row.kind == "repo" else value["d"]["type"])
    ids = {row.entry_id for row in rows}
    assert topic.topic_id in ids
    heads = set(session.scalars(select(JournalHead.entry_id).where(JournalHead.topic_id == topic.id)))
    assert heads == ids - followed
    _check_bodies(session, {row.id: codec.decode(row.data)["bodies"] for row in rows})


def _check_bodies(session: Session, named: dict[int, list[str]]) -> None:
    query = select(JournalBody).where(JournalBody.entry_id.in_(named))
    found: dict[int, list[str]] = {row_id: [] for row_id in named}
    for body in session.scalars(query.order_by(JournalBody.entry_id, JournalBody.position)):
        assert body.position == len(found[body.entry_id])
        assert body.content is None or codec.digest(body.content) == body.digest
        found[body.entry_id].append(body.digest)
    assert found == named
