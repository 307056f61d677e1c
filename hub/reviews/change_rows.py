"""What a list shows of a change: one row each, whatever the list is of, in three statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Row, exists, func, select
from sqlalchemy.orm import Session

from hub.accounts.models import Principal
from hub.issues.models import Comment, Thread, Topic, TopicState
from hub.journal.models import Person
from hub.repos.models import Repository
from hub.reviews.faces import Face, face_of
from hub.reviews.models import Anchor, Change, PatchSet, PatchSetFacts, Review, VerdictValue

# Any: columns of several types.
_Columns: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Opinions:
    """What was said of a change: who approved its newest patch set, and who wants it changed."""

    approved_by: tuple[str, ...] = ()
    changes_requested_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change in a list; `target` is empty where it is the default branch, `title` None once redacted."""

    topic_id: int
    path: str
    number: int
    title: str | None
    state: TopicState
    is_draft: bool
    author: Face
    target: str
    opened_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    comments: int
    patch_sets: int
    added: int
    removed: int
    unresolved: int
    opinions: Opinions


def read_rows(session: Session, topic_ids: Sequence[int]) -> list[ChangeRow]:
    """The changes of these topics, in this order."""
    if not topic_ids:
        return []
    rows = {row.id: row for row in session.execute(_select().where(Topic.id.in_(topic_ids)))}
    unresolved = _count_unresolved(session, topic_ids)
    newest = {one: (row.commit_id, row.patch_id or "") for one, row in rows.items()}
    opinions = _read_opinions(session, newest)
    return [
        _row(rows[one], unresolved.get(one, 0), opinions.get(one, Opinions()))
        for one in topic_ids
        if one in rows
    ]


def _select() -> _Columns:
    return (
        select(
            Topic.id,
            (Principal.name + "/" + Repository.name).label("path"),
            Repository.default_branch,
            Topic.number,
            Topic.title,
            Topic.state,
            Topic.is_draft,
            Topic.opened_at,
            Topic.updated_at,
            Topic.ended_at,
            Topic.comments_count,
            Change.target,
            Change.patch_sets_count,
            Change.commit_id,
            Person,
            PatchSetFacts.patch_id,
            PatchSetFacts.added_lines,
            PatchSetFacts.removed_lines,
        )
        .join_from(Topic, Change, Change.topic_id == Topic.id)
        .join(Repository, Repository.id == Topic.repository_id)
        .join(Principal, Principal.id == Repository.owner_id)
        .join(Person, Person.id == Topic.author_id)
        .outerjoin(
            PatchSet,
            (PatchSet.topic_id == Topic.id)
            & (PatchSet.commit_id == Change.commit_id)
            & (PatchSet.number == Change.patch_sets_count),
        )
        .outerjoin(PatchSetFacts, PatchSetFacts.patch_set_id == PatchSet.id)
    )


def _row(row: Row[_Columns], unresolved: int, opinions: Opinions) -> ChangeRow:
    return ChangeRow(
        topic_id=row.id,
        path=row.path,
        number=row.number,
        title=row.title,
        state=row.state,
        is_draft=row.is_draft,
        author=face_of(row.Person),
        target="" if row.target == row.default_branch else row.target,
        opened_at=row.opened_at,
        updated_at=row.updated_at,
        ended_at=row.ended_at,
        comments=row.comments_count,
        patch_sets=row.patch_sets_count,
        added=row.added_lines or 0,
        removed=row.removed_lines or 0,
        unresolved=unresolved,
        opinions=opinions,
    )


def _count_unresolved(session: Session, topic_ids: Sequence[int]) -> dict[int, int]:
    """Of each change the discussions about a place in it that are not settled."""
    said = exists().where(Comment.thread_id == Thread.id, Comment.is_deleted.is_(False))
    is_about_a_place = exists().where(Anchor.thread_id == Thread.id)
    counted = (
        select(Thread.topic_id, func.count())
        .where(Thread.topic_id.in_(topic_ids), Thread.is_resolved.is_(False), said, is_about_a_place)
        .group_by(Thread.topic_id)
    )
    return {row[0]: row[1] for row in session.execute(counted)}


def _read_opinions(session: Session, newest: Mapping[int, tuple[str, str]]) -> dict[int, Opinions]:
    """What everybody said last of each change; `newest` are commit and patch id of its newest patch set."""
    query = (
        select(
            Review.topic_id,
            Review.author_id,
            Person.name,
            Review.verdict,
            Review.is_dismissed,
            PatchSet.commit_id,
            PatchSetFacts.patch_id,
        )
        .join(Person, Person.id == Review.author_id)
        .join(PatchSet, (PatchSet.topic_id == Review.topic_id) & (PatchSet.entry_id == Review.patch_set))
        .outerjoin(PatchSetFacts, PatchSetFacts.patch_set_id == PatchSet.id)
        .where(Review.topic_id.in_(newest), Review.verdict != VerdictValue.COMMENT)
        .order_by(Review.id)
    )
    last: dict[int, dict[int, tuple[str, VerdictValue, bool]]] = {}
    for topic_id, person_id, name, verdict, is_dismissed, *version in session.execute(query):
        value = VerdictValue.NONE if is_dismissed else verdict
        # As where a change is merged: a rebase, which changes the same, leaves an approval what it was.
        is_current = any(one and one == other for one, other in zip(version, newest[topic_id], strict=True))
        last.setdefault(topic_id, {})[person_id] = (name or "", value, is_current)
    return {topic_id: _opinions(list(said.values())) for topic_id, said in last.items()}


def _opinions(said: Sequence[tuple[str, VerdictValue, bool]]) -> Opinions:
    return Opinions(
        tuple(name for name, value, is_current in said if value is VerdictValue.APPROVE and is_current),
        tuple(name for name, value, _ in said if value is VerdictValue.REQUEST_CHANGES),
    )
