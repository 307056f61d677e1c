"""What a replay is compared with is everything: whatever column is changed by other means, it is noticed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Column, Enum, Select, inspect, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from hub.db import Base
from hub.issues import models as issues
from hub.journal import models as journal
from hub.journal.models import Person
from hub.journal.people import person_of
from hub.journal.recording import Recorded
from hub.journal.replay import act, begin
from hub.reviews import models as reviews
from tests import replayed
from tests.factories import make_key, make_repository, make_user

MODULES = (journal, issues, reviews)
LOCAL_TABLES = {*journal.LOCAL_TABLES, *issues.LOCAL_TABLES, *reviews.LOCAL_TABLES}
LOCAL_COLUMNS = {**replayed.LOCAL_COLUMNS, **reviews.LOCAL_COLUMNS}
# How a difference shows: as itself, or by rows that make no sense any more.
NOTICED = (AssertionError, LookupError, ValueError, SQLAlchemyError)

TABLES = [
    mapper.class_
    for mapper in Base.registry.mappers
    if mapper.class_.__module__ in {one.__name__ for one in MODULES} and mapper.class_ not in LOCAL_TABLES
]
COLUMNS = [
    column
    for table in sorted(TABLES, key=lambda one: str(one.__tablename__))
    for column in inspect(table).local_table.columns
    # Rows that are made anew have other keys.
    if column.name != "id" and column.name not in LOCAL_COLUMNS.get(table, ())
]


class _Talk:
    """Everything that can be said about a change, said once."""

    def __init__(self, session: Session, repository_id: int, author: Person, other: Person) -> None:
        self.session, self.author, self.other = session, author, other
        self.begin = begin(
            session,
            repository_id,
            type="change",
            person=author,
            d={"number": 1, "target": "main", "draft": True, "name": "typo"},
            bodies=["Fix the typo\n\nIt was there."],
        )

    def say(self, kind: str, d: dict[str, Any], *bodies: str, by: Person | None = None) -> Recorded:
        return act(self.session, self.begin.topic, kind=kind, person=by or self.author, d=d, bodies=bodies)

    def everything(self) -> None:
        first = self.say("patchset", {"n": 1, "commit": "1" * 40, "base": "2" * 40}).entry.id
        second = self.say("patchset", {"n": 2, "commit": "3" * 40, "base": "4" * 40}).entry.id
        self.say("edit", {"body": 0, "draft": False}, "Fix a typo")
        self.say("reviewer", {"person": self.other.global_id, "on": True})
        place = {"ps": first, "side": "new", "path": "README", "lines": [3, 5]}
        reviewed = self.say(
            "review",
            {"ps": first, "verdict": "approve", "body": 0, "comments": [{"body": 1, "at": place}]},
            "Good.",
            "Here, too?",
            by=self.other,
        ).entry.id
        self.say("review", {"ps": second, "verdict": "request_changes"}, by=self.other)
        thread = f"{reviewed}.0"
        answer = self.say("comment", {"comments": [{"body": 0, "re": thread}]}, "Yes.").entry.id
        self.say("comment_edit", {"comment": f"{answer}.0"}, "Yes, there as well.")
        said = self.say("comment", {"comments": [{"body": 0}]}, "By the way.", by=self.other).entry.id
        self.say("comment_delete", {"comment": f"{said}.0"}, by=self.other)
        self.say("resolve", {"thread": thread, "resolved": True})
        self.say("dismiss", {"review": reviewed})
        self.say("merge", {"commit": "5" * 40, "strategy": "squash", "ps": second})


@pytest.fixture
def talk(session: Session, tmp_path: Any) -> None:
    """Two changes with everything there can be, each in a repository of its own."""
    author, other = make_user(session, "anna"), make_user(session, "bo")
    make_key(session, author, tmp_path / "key")
    for users in ((author, other), (other, author)):
        repository_id = make_repository(session).id
        people = [person_of(session, repository_id, one.id) for one in users]
        _Talk(session, repository_id, *people).everything()
    session.flush()


@pytest.mark.usefixtures("talk")
def test_rows_of_everything_are_what_their_entries_make(session: Session) -> None:
    replayed.check_topics(session)


@pytest.mark.usefixtures("talk")
def test_every_column_is_compared_or_listed_as_local(session: Session) -> None:
    missed = [str(column) for column in COLUMNS if not _is_noticed(session, column)]
    assert missed == []


def _is_noticed(session: Session, column: Column[Any]) -> bool:
    """Whether another value in the column of some row is refused by a constraint, or found to be one."""
    changes = list(_changes(session, column))
    assert changes, f"no row lets {column} be changed"
    for change in changes:
        with session.begin_nested() as attempt:
            try:
                session.execute(change)
                replayed.check_topics(session)
            except IntegrityError:
                continue
            except NOTICED:
                return True
            finally:
                attempt.rollback()
                session.expire_all()
            return False
    return True


def _changes(session: Session, column: Column[Any]) -> Iterator[Any]:
    keys = list(column.table.primary_key.columns)
    rows: Select[Any] = select(column, *keys).order_by(column.is_(None), *keys)
    for value, *key in session.execute(rows).all():
        is_it = [one == part for one, part in zip(keys, key, strict=True)]
        for other in _others(session, column, value):
            yield update(column.table).where(*is_it).values({column.name: other})


def _others(session: Session, column: Column[Any], value: Any) -> Iterator[Any]:
    """Values of the right type that are not this one."""
    for key in column.foreign_keys:
        yield from (one for one in session.scalars(select(key.column)) if one != value)
        return
    kind = column.type
    if isinstance(kind, Enum):
        yield from (one for one in kind.enum_class or () if one != value)
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, datetime):
        yield value + timedelta(seconds=1)
    elif isinstance(value, bytes):
        yield value + b" "
    elif isinstance(value, str):
        yield value[:-1] + ("0" if value[-1:] != "0" else "1")
    else:
        yield {str: "0", int: 1}.get(kind.python_type)
