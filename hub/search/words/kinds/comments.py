"""What was said of changes: comments, and the summaries of reviews."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, false, func, select
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.accounts.models import Principal
from hub.errors import text
from hub.issues.models import Comment, Thread, Topic
from hub.journal.models import Person
from hub.repos.access import visible_to
from hub.repos.models import Repository
from hub.reviews.addresses import change_address
from hub.reviews.faces import Face, face_of
from hub.reviews.models import Anchor, Review, Side
from hub.search.syntax import Filter
from hub.search.words.analysis import Atom
from hub.search.words.documents import DocumentKind
from hub.search.words.kind import Asked, Kind, Name, Operator, Order, RowSet, shown_in_repositories
from hub.search.words.operators import IN_REPOSITORY, OF_OWNER, before, by_person, has_path, one_of, since
from hub.search.words.snippets import Piece, snippet

_COMMENTS: Final = RowSet(
    DocumentKind.COMMENT,
    select(Comment.id)
    .join(Topic, Topic.id == Comment.topic_id)
    .join(Repository, Repository.id == Topic.repository_id)
    .join(Thread, Thread.id == Comment.thread_id)
    .outerjoin(Anchor, Anchor.thread_id == Thread.id)
    .where(Comment.is_deleted.is_(False), Comment.text.is_not(None)),
    {
        "id": Comment.id.expression,
        "at": Comment.at.expression,
        "author_id": Comment.author_id.expression,
        "topic_author_id": Topic.author_id.expression,
        "is_resolved": Thread.is_resolved & Anchor.id.is_not(None),
        "is_unresolved": ~Thread.is_resolved & Anchor.id.is_not(None),
    },
)

_REVIEWS: Final = RowSet(
    DocumentKind.REVIEW,
    select(Review.id)
    .join(Topic, Topic.id == Review.topic_id)
    .join(Repository, Repository.id == Topic.repository_id)
    .where(Review.text.is_not(None), Review.text != ""),
    {
        "id": Review.id.expression,
        "at": Review.at.expression,
        "author_id": Review.author_id.expression,
        "topic_author_id": Topic.author_id.expression,
        "is_resolved": false(),
        "is_unresolved": false(),
    },
)


@dataclass(frozen=True, slots=True)
class ShownComment:
    """Something that was said: by whom and when, of which change and where in it, and the words."""

    author: Face
    at: datetime
    path: str
    number: int
    title: str | None
    address: str
    place: str
    is_review: bool
    pieces: tuple[Piece, ...]


def _show(
    session: Session, viewer: Viewer, names: Sequence[Name], atoms: Sequence[Atom]
) -> list[ShownComment]:
    shown: dict[Name, ShownComment] = {}
    for kind, query in ((DocumentKind.COMMENT, _select_comments()), (DocumentKind.REVIEW, _select_reviews())):
        ids = [row for of, row in names if of == kind]
        if ids:
            of_these = query.where((Comment.id if kind is DocumentKind.COMMENT else Review.id).in_(ids))
            for row in session.execute(of_these.where(visible_to(viewer))):
                shown[kind, row.id] = _shown(row, atoms, is_review=kind is DocumentKind.REVIEW)
    return [shown[one] for one in names if one in shown]


@dataclass(frozen=True, slots=True)
class _Place:
    path: str


# Any: a row of columns of several types.
def _shown(row: Any, atoms: Sequence[Atom], *, is_review: bool) -> ShownComment:
    anchor: Anchor | None = None if is_review else row.Anchor
    place = "" if anchor is None or anchor.side is Side.MESSAGE else anchor.path
    if place and anchor is not None and anchor.last_line is not None:
        place = f"{place}:{anchor.last_line}"
    at = "" if is_review else f"c{row.id}"
    return ShownComment(
        author=face_of(row.Person),
        at=row.at,
        path=row.path,
        number=row.number,
        title=row.title,
        address=change_address(_Place(row.path), row.number, at=at),
        place=place,
        is_review=is_review,
        pieces=snippet(row.text or "", atoms),
    )


def _select_comments() -> Select[Any]:
    query = _COMMENTS.base.with_only_columns(
        Comment.id, Comment.at, Comment.text, Anchor, Person, *_of_topic()
    )
    return query.join(Person, Person.id == Comment.author_id).join(
        Principal, Principal.id == Repository.owner_id
    )


def _select_reviews() -> Select[Any]:
    query = _REVIEWS.base.with_only_columns(Review.id, Review.at, Review.text, Person, *_of_topic())
    return query.join(Person, Person.id == Review.author_id).join(
        Principal, Principal.id == Repository.owner_id
    )


def _of_topic() -> tuple[Any, ...]:
    return Topic.number, Topic.title, (Principal.name + "/" + Repository.name).label("path")


def _about(asked: Asked, rows: RowSet, one: Filter) -> ColumnElement[bool]:
    if rows is _REVIEWS:
        return false()
    path = "\n" + func.lower(Anchor.path) + "\n"
    return has_path(asked, Anchor.id, path, one) & (Anchor.side != Side.MESSAGE)


_IS: Final[Mapping[str, Callable[[Asked, RowSet], ColumnElement[bool]]]] = {
    "unresolved": lambda _, rows: rows.columns["is_unresolved"],
    "resolved": lambda _, rows: rows.columns["is_resolved"],
}

COMMENTS: Final = Kind(
    name="comments",
    label=text("Comments"),
    template="search/_comments.html",
    rows=(_COMMENTS, _REVIEWS),
    operators={
        "author": Operator(text("said by this person, or by me"), "author:me", by_person("author_id")),
        "to": Operator(text("said of a change of this person"), "to:me", by_person("topic_author_id")),
        "is": Operator(text("in a thread that is unresolved, or resolved"), "is:unresolved", one_of(_IS)),
        "path": Operator(text("about files with this in their path, or a glob"), "path:docs/", _about),
        "repo": IN_REPOSITORY,
        "owner": OF_OWNER,
        "since": Operator(text("said since, by age or day"), "since:2w", since("at"), needs_all=True),
        "before": Operator(text("said before that"), "before:2026-01-31", before("at"), needs_all=True),
    },
    orders={
        "relevance": Order(text("Relevance"), None),
        "newest": Order(text("Newest"), "at"),
        "oldest": Order(text("Oldest"), "at", is_descending=False),
    },
    shown=shown_in_repositories,
    show=_show,
)
