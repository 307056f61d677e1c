"""Between the state of a topic and its rows: `load` gives what `save` wrote, whatever ids the rows have."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from hub.db import Base
from hub.issues.models import Comment, CommentEdit, Thread, Topic, TopicEdit, TopicState, TopicType
from hub.issues.numbers import note_number
from hub.issues.state import CommentState, CommentWords, ThreadState, TopicWords
from hub.issues.state import TopicState as State
from hub.issues.topic_tables import AnyRow, TopicTable, Values
from hub.journal.models import JournalTopic, Person

_NOBODY: Final = ""

_TOPICS: Final = Base.metadata.tables[Topic.__tablename__]
_FIND_TOPIC: Final = select(_TOPICS.c.id).where(_TOPICS.c.journal_id == bindparam("of_journal"))
_INSERT_TOPIC: Final = insert(_TOPICS).returning(_TOPICS.c.id)
_EDITS: Final = TopicTable(TopicEdit, order=["position"])
THREADS: Final = TopicTable(Thread)
_COMMENTS: Final = TopicTable(Comment, order=["position"])
_COMMENT_EDITS: Final = TopicTable(CommentEdit, order=["comment_id", "position"], by=("comment_id", Comment))


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


def find_topic(session: Session, journal_topic: JournalTopic) -> Topic | None:
    """The row of a topic of the journal, if its opening was saved."""
    row_id = session.connection().execute(_FIND_TOPIC, {"of_journal": journal_topic.id}).scalar_one_or_none()
    return None if row_id is None else session.get_one(Topic, row_id)


def load_topic(session: Session, row: Topic, topic_id: str, names: PeopleNames) -> State:
    """The state that the rows of a topic say; `topic_id` is its id in the journal."""
    threads = {one.global_id: one for one in THREADS.read(session, row.id)}
    comments = {one.global_id: one for one in _COMMENTS.read(session, row.id)}
    edits = _EDITS.read(session, row.id)
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
    said_before: dict[int, list[AnyRow]] = {}
    for edit in _COMMENT_EDITS.read(session, row.id):
        said_before.setdefault(edit.comment_id, []).append(edit)
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


@dataclass(frozen=True, slots=True)
class SavedTopic:
    """The id of a topic's row, and whether it had none before: then nothing of it needs to be looked for.

    `threads` are the ids of its threads' rows, by global id.
    """

    id: int
    is_new: bool
    threads: dict[str, int] = field(default_factory=dict)

    def there(self, session: Session, table: TopicTable) -> Sequence[AnyRow]:
        """The rows of the topic in that table."""
        return () if self.is_new else table.read(session, self.id)


def people_in(state: State) -> set[str]:
    """Everybody whom the state names."""
    named = {state.author, state.ended_by, *(one.editor for one in state.edits)}
    named |= {one.author for one in state.comments.values()}
    named |= {one.resolved_by for one in state.threads.values()}
    return named - {_NOBODY}


def save_topic(
    session: Session, journal_topic: JournalTopic, state: State, people: Mapping[str, int]
) -> SavedTopic:
    """Writes the rows of the topic that differ from its state; it has a number.

    `people` are the ids of the rows of all whom it names.
    """
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
    row = find_topic(session, journal_topic)
    if row is None:
        saved = SavedTopic(session.connection().execute(_INSERT_TOPIC, values).scalar_one(), is_new=True)
        note_number(session, journal_topic.repository_id, state.number)
    else:
        saved = SavedTopic(row.id, is_new=False)
        assign(row, values)
        session.flush()
    _save_edits(session, saved, state, people)
    _save_conversation(session, saved, state, people)
    return saved


def assign(row: Base, values: Values) -> None:
    """Has the row hold these values."""
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)


def _save_edits(session: Session, topic: SavedTopic, state: State, people: Mapping[str, int]) -> None:
    wanted: dict[int, Values] = {
        position: {
            "topic_id": topic.id,
            "position": position,
            "entry_id": one.entry_id,
            "editor_id": people[one.editor],
            "at": moment(one.at),
            "title": one.title,
            "description": one.description,
        }
        for position, one in enumerate(state.edits)
    }
    there = {one.position: one for one in topic.there(session, _EDITS)}
    _EDITS.write(session, there, wanted)


def _save_conversation(session: Session, topic: SavedTopic, state: State, people: Mapping[str, int]) -> None:
    wanted_threads: dict[str, Values] = {
        global_id: {
            "topic_id": topic.id,
            "global_id": global_id,
            "is_resolved": one.is_resolved,
            "resolved_by_id": people[one.resolved_by] if one.resolved_by else None,
            "resolved_at": moment_or_none(one.resolved_at),
        }
        for global_id, one in state.threads.items()
    }
    there = {one.global_id: one for one in topic.there(session, THREADS)}
    topic.threads.update(THREADS.write(session, there, wanted_threads))
    wanted: dict[str, Values] = {
        global_id: {
            "topic_id": topic.id,
            "thread_id": topic.threads[one.thread],
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
    there = {one.global_id: one for one in topic.there(session, _COMMENTS)}
    comments = _COMMENTS.write(session, there, wanted)
    _save_comment_edits(session, topic, state, comments)


def _save_comment_edits(
    session: Session, topic: SavedTopic, state: State, comments: Mapping[str, int]
) -> None:
    wanted: dict[tuple[int, int], Values] = {
        (comments[global_id], position): {
            "comment_id": comments[global_id],
            "position": position,
            "entry_id": edit.entry_id,
            "at": moment(edit.at),
            "text": edit.text,
        }
        for global_id, one in state.comments.items()
        for position, edit in enumerate(one.edits)
    }
    there = {(one.comment_id, one.position): one for one in topic.there(session, _COMMENT_EDITS)}
    _COMMENT_EDITS.write(session, there, wanted)
