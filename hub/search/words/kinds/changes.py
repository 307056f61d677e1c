"""Changes by title, description and branch, and by what their rows say: state, people, files, reviews."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, exists, func, null, select
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.errors import text
from hub.issues.models import Comment, Thread, Topic, TopicState
from hub.repos.access import visible_to
from hub.repos.models import Repository
from hub.reviews.change_rows import ChangeRow, read_rows
from hub.reviews.lists import is_reviewed_by
from hub.reviews.models import Anchor, Change, PatchSet, Review, VerdictValue
from hub.search.models import ChangedPaths
from hub.search.syntax import Filter
from hub.search.words.analysis import Atom
from hub.search.words.documents import DocumentKind
from hub.search.words.kind import Asked, Kind, Name, Operator, Order, RowSet, shown_in_repositories
from hub.search.words.operators import (
    IN_REPOSITORY,
    OF_OWNER,
    before,
    by_person,
    has_path,
    one_of,
    people_called,
    since,
)
from hub.search.words.snippets import Piece, mark, snippet

_Choice = Callable[[Asked, RowSet], ColumnElement[bool]]


def _state(state: TopicState, *, is_draft: bool | None = None) -> _Choice:
    is_it = Topic.state == state
    return lambda _, __: is_it if is_draft is None else is_it & Topic.is_draft.is_(is_draft)


def _has_verdict(*values: VerdictValue) -> ColumnElement[bool]:
    """Whether somebody else than its author gave one of these verdicts about its newest patch set."""
    return exists().where(
        Review.topic_id == Topic.id,
        Review.author_id != Topic.author_id,
        Review.verdict.in_(values),
        Review.is_dismissed.is_(False),
        PatchSet.topic_id == Review.topic_id,
        PatchSet.entry_id == Review.patch_set,
        PatchSet.commit_id == Change.commit_id,
    )


def _has_unresolved() -> ColumnElement[bool]:
    """Whether a discussion about a place in it is not settled."""
    said = exists().where(Comment.thread_id == Thread.id, Comment.is_deleted.is_(False))
    is_about_a_place = exists().where(Anchor.thread_id == Thread.id)
    return exists().where(Thread.topic_id == Topic.id, Thread.is_resolved.is_(False), said, is_about_a_place)


def _is_waiting() -> ColumnElement[bool]:
    """Whether it waits for a review: ready, and nobody but its author gave a verdict on what it is now."""
    verdicts = _has_verdict(VerdictValue.APPROVE, VerdictValue.REQUEST_CHANGES)
    return and_(Topic.state == TopicState.OPEN, Topic.is_draft.is_(False), ~verdicts)


def _waits_since() -> ColumnElement[Any]:
    """When its newest patch set came, where it waits for a review."""
    came = (
        select(func.max(PatchSet.at))
        .where(PatchSet.topic_id == Topic.id, PatchSet.commit_id == Change.commit_id)
        .correlate(Topic, Change)
        .scalar_subquery()
    )
    return case((_is_waiting(), came), else_=null())


def _of_reviewer(asked: Asked, rows: RowSet, one: Filter) -> ColumnElement[bool]:
    return is_reviewed_by(people_called(asked, one))


def _for_branch(asked: Asked, rows: RowSet, one: Filter) -> ColumnElement[bool]:
    return Change.target == one.value


def _touches(asked: Asked, rows: RowSet, one: Filter) -> ColumnElement[bool]:
    is_one = has_path(asked, ChangedPaths.topic_id, ChangedPaths.paths.expression, one)
    return Topic.id.in_(select(ChangedPaths.topic_id).where(is_one))


_IS: Final[Mapping[str, _Choice]] = {
    "open": _state(TopicState.OPEN, is_draft=False),
    "draft": _state(TopicState.OPEN, is_draft=True),
    "merged": _state(TopicState.MERGED),
    "closed": _state(TopicState.CLOSED),
    "waiting": lambda _, __: _is_waiting(),
}

_HAS: Final[Mapping[str, _Choice]] = {
    "unresolved": lambda _, __: _has_unresolved(),
    "approval": lambda _, __: _has_verdict(VerdictValue.APPROVE),
    "objection": lambda _, __: _has_verdict(VerdictValue.REQUEST_CHANGES),
    "comments": lambda _, __: Topic.comments_count > 0,
}

_ROWS: Final = RowSet(
    DocumentKind.CHANGE,
    select(Topic.id)
    .join(Change, Change.topic_id == Topic.id)
    .join(Repository, Repository.id == Topic.repository_id),
    {
        "id": Topic.id.expression,
        "at": Topic.opened_at.expression,
        "author_id": Topic.author_id.expression,
        "updated_at": Topic.updated_at.expression,
        "waits_since": _waits_since(),
    },
)


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A change as lists have it, with what was found in its title and its description."""

    row: ChangeRow
    title: tuple[Piece, ...]
    description: tuple[Piece, ...]

    @property
    def named(self) -> tuple[int, "ShownChange"]:
        """Itself, after the id of its topic."""
        return self.row.topic_id, self


def _show(
    session: Session, viewer: Viewer, names: Sequence[Name], atoms: Sequence[Atom]
) -> list[ShownChange]:
    seen = (
        select(Topic.id, Topic.description)
        .join(Repository, Repository.id == Topic.repository_id)
        .where(Topic.id.in_([row for _, row in names]), visible_to(viewer))
    )
    visible = dict(session.execute(seen).all())
    rows = read_rows(session, [row for _, row in names if row in visible])
    return [
        ShownChange(one, mark(one.title or "", atoms), snippet(visible[one.topic_id] or "", atoms))
        for one in rows
    ]


CHANGES: Final = Kind(
    name="changes",
    label=text("Changes"),
    template="search/_changes.html",
    rows=(_ROWS,),
    operators={
        "is": Operator(text("open, draft, merged, closed, or waiting for a review"), "is:open", one_of(_IS)),
        "author": Operator(text("opened by this person, or by me"), "author:me", by_person("author_id")),
        "reviewer": Operator(text("reviewed by this person, or asked of them"), "reviewer:bo", _of_reviewer),
        "has": Operator(
            text("with unresolved threads, an approval or an objection to what it is now, or comments"),
            "-has:unresolved",
            one_of(_HAS),
            needs_all=True,
        ),
        "path": Operator(text("touching files with this in their path, or a glob"), "path:docs/", _touches),
        "repo": IN_REPOSITORY,
        "owner": OF_OWNER,
        "branch": Operator(text("for this branch"), "branch:main", _for_branch),
        "since": Operator(text("opened since, by age or day"), "since:2w", since("at"), needs_all=True),
        "before": Operator(text("opened before that"), "before:2026-01-31", before("at"), needs_all=True),
        "updated": Operator(
            text("with something new since"),
            "updated:3d",
            since("updated_at"),
            needs_all=True,
        ),
    },
    orders={
        "relevance": Order(text("Relevance"), None),
        "newest": Order(text("Newest"), "at"),
        "oldest": Order(text("Oldest"), "at", is_descending=False),
        "updated": Order(text("Recently updated"), "updated_at"),
        "waiting": Order(text("Waiting longest for a review"), "waits_since", is_descending=False),
    },
    shown=shown_in_repositories,
    show=_show,
)
