"""Threads as the conversation shows them: where each is about, what was said, and what the viewer may do."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from markupsafe import Markup
from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session, aliased

from hub.db import config_of
from hub.errors import NotFound, text
from hub.issues.models import Comment, CommentEdit, Thread
from hub.journal.models import Person
from hub.reviews.changes import OpenedChange
from hub.reviews.faces import Face, face_of
from hub.reviews.models import Anchor
from hub.reviews.prose import render_words
from hub.reviews.wordings import Withheld, Withholdings

# A page of a longer discussion shows its beginning.
_MOST_COMMENTS: Final = 1000


@dataclass(frozen=True, slots=True)
class EarlierWords:
    """What a comment said until that moment; None where it was taken away (`withheld`: by whom)."""

    until: datetime
    text: str | None
    withheld: Withheld | None


@dataclass(frozen=True, slots=True)
class Said:
    """One comment; `earlier` is what it said before.

    `html` is None where it was deleted, or taken away (`withheld`: by whom).
    """

    row_id: int
    global_id: str
    author: Face
    at: datetime
    html: Markup | None
    is_deleted: bool
    earlier: tuple[EarlierWords, ...]
    withheld: Withheld | None = None

    @property
    def element_id(self) -> str:
        """What its element on a page is called."""
        return f"c{self.row_id}"

    @property
    def has_words(self) -> bool:
        """Whether something that it says or said can be read here."""
        return self.html is not None or any(one.text is not None for one in self.earlier)


@dataclass(slots=True)
class SaidThread:
    """A thread; `anchor` is None for one about the change as a whole, `label` that of its patch set."""

    row_id: int
    global_id: str
    anchor: Anchor | None
    label: str
    is_resolved: bool
    resolved_by: Face | None
    resolved_at: datetime | None
    comments: list[Said] = field(default_factory=list)

    @property
    def element_id(self) -> str:
        """What its element on a page is called; on the page of files it is called so too."""
        return f"thread-{self.row_id}"

    @property
    def is_open(self) -> bool:
        """Whether somebody has to settle it: what is about the whole change is only talk."""
        has_words = any(not one.is_deleted for one in self.comments)
        return self.anchor is not None and not self.is_resolved and has_words

    @property
    def place(self) -> str:
        """The path it is about and its lines, in few letters."""
        if self.anchor is None:
            return ""
        name = self.anchor.path[:8] if self.anchor.side == "message" else self.anchor.path
        first, last = self.anchor.first_line, self.anchor.last_line
        lines = "" if last is None else f" {last}" if first == last else f" {first}–{last}"
        return f"{name}{lines}"

    def is_taken_part_in_by(self, user_id: int | None) -> bool:
        """Whether that account said something in it."""
        return any(one.author.user_id == user_id for one in self.comments if user_id is not None)


def list_threads(
    session: Session,
    opened: OpenedChange,
    labels: dict[str, str],
    *,
    touched: Collection[str],
    gone: Withholdings,
) -> list[SaidThread]:
    """The threads with one of these comments, and all about a place that are not settled, the oldest first.

    `labels` are those of the patch sets by their entry ids.
    """
    resolver = aliased(Person)
    of_touched = select(Comment.thread_id).where(
        Comment.topic_id == opened.topic.id, Comment.global_id.in_(touched)
    )
    query = (
        select(
            Thread, Anchor, Comment, Person, resolver, exists().where(CommentEdit.comment_id == Comment.id)
        )
        .join(Comment, Comment.thread_id == Thread.id)
        .join(Person, Person.id == Comment.author_id)
        .outerjoin(Anchor, Anchor.thread_id == Thread.id)
        .outerjoin(resolver, resolver.id == Thread.resolved_by_id)
        .where(
            Thread.topic_id == opened.topic.id,
            or_(Thread.id.in_(of_touched), Thread.is_resolved.is_(False) & Anchor.id.is_not(None)),
        )
        .order_by(Comment.position)
        .limit(_MOST_COMMENTS)
    )
    rows = session.execute(query).all()
    edits = _list_edits(session, [row[2].id for row in rows if row[5]])
    found: dict[int, SaidThread] = {}
    for thread, anchor, comment, author, settled_by, _ in rows:
        if thread.id not in found:
            found[thread.id] = _thread_of(thread, anchor, settled_by, labels)
        said = _said(session, opened, comment, author)
        found[thread.id].comments.append(_with_edits(said, comment, edits.get(comment.id, []), gone))
    return list(found.values())


def _thread_of(
    thread: Thread, anchor: Anchor | None, settled_by: Person | None, labels: dict[str, str]
) -> SaidThread:
    return SaidThread(
        row_id=thread.id,
        global_id=thread.global_id,
        anchor=anchor,
        label="" if anchor is None else labels.get(anchor.patch_set, ""),
        is_resolved=thread.is_resolved,
        resolved_by=None if settled_by is None else face_of(settled_by),
        resolved_at=thread.resolved_at,
    )


def _said(
    session: Session,
    opened: OpenedChange,
    comment: Comment,
    author: Person,
) -> Said:
    html = None
    if comment.text is not None and not comment.is_deleted:
        branch = opened.change.target
        html = render_words(
            config_of(session), opened.repository, comment.text, branch=branch, mark=f"c{comment.id}"
        )
    return Said(
        row_id=comment.id,
        global_id=comment.global_id,
        author=face_of(author),
        at=comment.at,
        html=html,
        is_deleted=comment.is_deleted,
        earlier=(),
    )


def _with_edits(said: Said, comment: Comment, edits: list[CommentEdit], gone: Withholdings) -> Said:
    """The comment with what it said before, and who took which of these words away."""
    # An edit keeps the words before it, which the one before that, or the comment itself, had brought.
    names = [comment.global_id, *(one.entry_id for one in edits)]
    earlier = tuple(
        EarlierWords(one.at, one.text, gone.find(name) if one.text is None else None)
        for name, one in zip(names, edits, strict=False)
    )
    return replace(said, earlier=earlier, withheld=gone.find_of(comment))


def _list_edits(session: Session, comment_ids: Iterable[int]) -> dict[int, list[CommentEdit]]:
    wanted = list(comment_ids)
    if not wanted:
        return {}
    query = (
        select(CommentEdit)
        .where(CommentEdit.comment_id.in_(wanted))
        .order_by(CommentEdit.comment_id, CommentEdit.position)
    )
    found: dict[int, list[CommentEdit]] = {}
    for one in session.scalars(query):
        found.setdefault(one.comment_id, []).append(one)
    return found


def get_comment(session: Session, opened: OpenedChange, comment_id: int) -> Comment:
    """The comment of that row in the change; raises NotFound."""
    query = select(Comment).where(Comment.topic_id == opened.topic.id, Comment.id == comment_id)
    found = session.scalar(query)
    if found is None:
        raise NotFound(text("There is no such comment in this change."))
    return found


def get_thread(session: Session, opened: OpenedChange, thread_id: int) -> tuple[str, str]:
    """The global ids of the thread of that row and of its last comment; raises NotFound."""
    query = (
        select(Thread.global_id, Comment.global_id)
        .join(Comment, Comment.thread_id == Thread.id)
        .where(Thread.topic_id == opened.topic.id, Thread.id == thread_id)
        .order_by(Comment.position.desc())
        .limit(1)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound(text("There is no such thread in this change."))
    return found[0], found[1]
