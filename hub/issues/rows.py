"""Between the state of a topic and its rows: `load` gives what `save` wrote, whatever ids the rows have."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.db import Base
from hub.issues.models import Comment, CommentEdit, Thread, Topic, TopicEdit, TopicState, TopicType
from hub.issues.numbers import note_number
from hub.issues.state import CommentState, CommentWords, ThreadState, TopicWords
from hub.issues.state import TopicState as State
from hub.journal.models import JournalTopic, Person
from hub.journal.people import ids_of

R = TypeVar("R", bound=Base)
K = TypeVar("K", bound=Hashable)

# Columns of a row by name. Any: each has the type of its column.
Values = Mapping[str, Any]

_NOBODY: Final = ""


class PeopleNames:
    """Who the people of some rows are: `<handle>@<hub>` by the id of their row, asked for once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._names: dict[int, str] = {}

    def note(self, ids: Iterable[int | None]) -> None:
        """Looks these up, if they are not known yet."""
        missing = {one for one in ids if one is not None} - self._names.keys()
        if missing:
            query = select(Person.id, Person.handle, Person.hub).where(Person.id.in_(missing))
            self._names |= {row.id: f"{row.handle}@{row.hub}" for row in self._session.execute(query)}

    def __call__(self, person_id: int | None) -> str:
        """The name of one that was noted; empty for nobody."""
        return _NOBODY if person_id is None else self._names[person_id]


def moment(seconds: int) -> datetime:
    """The moment that an entry's seconds mean."""
    return datetime.fromtimestamp(seconds, UTC)


def moment_or_none(seconds: int) -> datetime | None:
    """The moment, or None for 0."""
    return moment(seconds) if seconds else None


def seconds_of(at: datetime | None) -> int:
    """The seconds that `moment` makes a moment of; 0 for None."""
    return int(at.timestamp()) if at else 0


def write(
    session: Session, there: Mapping[K, R], wanted: Mapping[K, Values], make: Callable[[], R]
) -> dict[K, R]:
    """Makes the rows be what is wanted: those that differ are changed, missing ones made, others deleted."""
    for key in there.keys() - wanted.keys():
        session.delete(there[key])
    rows: dict[K, R] = {}
    for key, values in wanted.items():
        row = there.get(key)
        is_new = row is None
        row = make() if row is None else row
        for name, value in values.items():
            if is_new or getattr(row, name) != value:
                setattr(row, name, value)
        if is_new:
            session.add(row)
        rows[key] = row
    return rows


def write_in_order(
    session: Session, there: Mapping[K, R], wanted: Mapping[K, Values], make: Callable[[], R]
) -> dict[K, R]:
    """What `write` does, for rows whose ids tell their order: what follows a late one is made anew."""
    stands = [key for key in there if key in wanted]
    same = next((i for i, key in enumerate(wanted) if i >= len(stands) or stands[i] != key), len(wanted))
    moved = set(stands[same:])
    if moved:
        for key in moved:
            session.delete(there[key])
        session.flush()
    return write(session, {key: row for key, row in there.items() if key not in moved}, wanted, make)


def find_topic(session: Session, journal_topic: JournalTopic) -> Topic | None:
    """The row of a topic of the journal, if its opening was saved."""
    return session.scalar(select(Topic).where(Topic.journal_id == journal_topic.id))


def load_topic(session: Session, row: Topic, topic_id: str, names: PeopleNames) -> State:
    """The state that the rows of a topic say; `topic_id` is its id in the journal."""
    threads = _threads_of(session, row.id)
    comments = _comments_of(session, row.id)
    edits = _edits_of(session, row.id)
    by_row = {one.id: global_id for global_id, one in threads.items()}
    names.note([row.author_id, row.ended_by_id, *(one.author_id for one in comments.values())])
    names.note(one.resolved_by_id for one in threads.values())
    names.note(one.editor_id for one in edits)
    state = State(
        id=topic_id,
        type=row.type.value,
        number=row.number,
        author=names(row.author_id),
        title=row.title,
        description=row.description,
        state=row.state.value,
        is_draft=row.is_draft,
        opened_at=seconds_of(row.opened_at),
        updated_at=seconds_of(row.updated_at),
        ended_at=seconds_of(row.ended_at),
        ended_by=names(row.ended_by_id),
    )
    state.edits = [
        TopicWords(one.entry_id, names(one.editor_id), seconds_of(one.at), one.title, one.description)
        for one in edits
    ]
    said_before = _comment_edits_of(session, row.id)
    state.comments = {
        global_id: CommentState(
            thread=by_row[one.thread_id],
            reply_to=one.reply_to,
            author=names(one.author_id),
            text=one.text,
            at=seconds_of(one.at),
            is_deleted=one.is_deleted,
            edits=[
                CommentWords(edit.entry_id, seconds_of(edit.at), edit.text)
                for edit in said_before.get(one.id, ())
            ],
        )
        for global_id, one in comments.items()
    }
    state.threads = {
        global_id: ThreadState(one.is_resolved, names(one.resolved_by_id), seconds_of(one.resolved_at))
        for global_id, one in threads.items()
    }
    return state


def save_topic(session: Session, journal_topic: JournalTopic, state: State) -> Topic | None:
    """Writes the rows of the topic that differ from its state, and flushes; none while it has no number."""
    if not state.number:
        return None
    people = ids_of(session, _people_in(state))
    row = find_topic(session, journal_topic)
    there = {} if row is None else {0: row}
    values = {
        "journal_id": journal_topic.id,
        "repository_id": journal_topic.repository_id,
        "number": state.number,
        "type": TopicType(state.type),
        "state": TopicState(state.state),
        "is_draft": state.is_draft,
        "author_id": people[state.author],
        "title": state.title,
        "description": state.description,
        "opened_at": moment(state.opened_at),
        "updated_at": moment(state.updated_at),
        "ended_at": moment_or_none(state.ended_at),
        "ended_by_id": people[state.ended_by] if state.ended_by else None,
        "comments_count": sum(not one.is_deleted for one in state.comments.values()),
    }
    topic = write(session, there, {0: values}, Topic)[0]
    session.flush()
    if row is None:
        note_number(session, journal_topic.repository_id, state.number)
    _save_edits(session, topic.id, state, people)
    _save_conversation(session, topic.id, state, people)
    return topic


def _people_in(state: State) -> set[str]:
    named = {state.author, state.ended_by, *(one.editor for one in state.edits)}
    named |= {one.author for one in state.comments.values()}
    named |= {one.resolved_by for one in state.threads.values()}
    return named - {_NOBODY}


def _save_edits(session: Session, topic_id: int, state: State, people: Mapping[str, int]) -> None:
    wanted: dict[int, Values] = {
        position: {
            "topic_id": topic_id,
            "position": position,
            "entry_id": one.entry_id,
            "editor_id": people[one.editor],
            "at": moment(one.at),
            "title": one.title,
            "description": one.description,
        }
        for position, one in enumerate(state.edits)
    }
    there = {one.position: one for one in _edits_of(session, topic_id)}
    write(session, there, wanted, TopicEdit)


def _save_conversation(session: Session, topic_id: int, state: State, people: Mapping[str, int]) -> None:
    wanted_threads: dict[str, Values] = {
        global_id: {
            "topic_id": topic_id,
            "global_id": global_id,
            "is_resolved": one.is_resolved,
            "resolved_by_id": people[one.resolved_by] if one.resolved_by else None,
            "resolved_at": moment_or_none(one.resolved_at),
        }
        for global_id, one in state.threads.items()
    }
    threads = write(session, _threads_of(session, topic_id), wanted_threads, Thread)
    session.flush()
    wanted: dict[str, Values] = {
        global_id: {
            "topic_id": topic_id,
            "thread_id": threads[one.thread].id,
            "global_id": global_id,
            "position": position,
            "reply_to": one.reply_to,
            "author_id": people[one.author],
            "text": one.text,
            "at": moment(one.at),
            "is_deleted": one.is_deleted,
        }
        for position, (global_id, one) in enumerate(state.comments.items())
    }
    comments = write(session, _comments_of(session, topic_id), wanted, Comment)
    session.flush()
    _save_comment_edits(session, topic_id, state, comments)


def _save_comment_edits(
    session: Session, topic_id: int, state: State, comments: Mapping[str, Comment]
) -> None:
    wanted: dict[tuple[int, int], Values] = {
        (comments[global_id].id, position): {
            "comment_id": comments[global_id].id,
            "position": position,
            "entry_id": edit.entry_id,
            "at": moment(edit.at),
            "text": edit.text,
        }
        for global_id, one in state.comments.items()
        for position, edit in enumerate(one.edits)
    }
    said_before = _comment_edits_of(session, topic_id).values()
    there = {(one.comment_id, one.position): one for edits in said_before for one in edits}
    write(session, there, wanted, CommentEdit)
    session.flush()


def _edits_of(session: Session, topic_id: int) -> list[TopicEdit]:
    query = select(TopicEdit).where(TopicEdit.topic_id == topic_id).order_by(TopicEdit.position)
    return list(session.scalars(query))


def _threads_of(session: Session, topic_id: int) -> dict[str, Thread]:
    query = select(Thread).where(Thread.topic_id == topic_id)
    return {one.global_id: one for one in session.scalars(query)}


def _comments_of(session: Session, topic_id: int) -> dict[str, Comment]:
    query = select(Comment).where(Comment.topic_id == topic_id).order_by(Comment.position)
    return {one.global_id: one for one in session.scalars(query)}


def _comment_edits_of(session: Session, topic_id: int) -> dict[int, list[CommentEdit]]:
    query = (
        select(CommentEdit)
        .join(Comment, Comment.id == CommentEdit.comment_id)
        .where(Comment.topic_id == topic_id)
        .order_by(CommentEdit.comment_id, CommentEdit.position)
    )
    found: dict[int, list[CommentEdit]] = {}
    for one in session.scalars(query):
        found.setdefault(one.comment_id, []).append(one)
    return found
