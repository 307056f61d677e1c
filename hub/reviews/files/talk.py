"""What is said at the lines of a change: threads with their comments, and the viewer's own drafts."""

from dataclasses import dataclass, field
from datetime import datetime

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.db import config_of
from hub.issues.models import Comment, Draft, Thread
from hub.journal.models import Person
from hub.reviews.changes import OpenedChange
from hub.reviews.faces import Face, face_of
from hub.reviews.models import Anchor
from hub.reviews.prose import render_words
from hub.reviews.talking import list_drafts
from hub.reviews.wordings import Withheld, Withholdings


@dataclass(frozen=True, slots=True)
class Said:
    """One comment; `html` is None where it was deleted, or taken away (`withheld`: by whom)."""

    row_id: int
    global_id: str
    author: Face
    at: datetime
    html: Markup | None
    is_deleted: bool
    withheld: Withheld | None


@dataclass(frozen=True, slots=True)
class OwnDraft:
    """What the viewer wrote and did not publish yet; `anchor` is None for an answer."""

    id: int
    text: str
    html: Markup
    updated_at: datetime
    resolves: bool | None
    reply_to: str
    anchor: Anchor | None


@dataclass(slots=True)
class Talk:
    """A thread with the viewer's answers to it, or only a draft that will begin one.

    `label` is that of the patch set it is from, where it stands beside another text than it is about;
    `file` is the number of the file in which it stands on a page.
    """

    anchor: Anchor
    thread: Thread | None = None
    said: list[Said] = field(default_factory=list)
    drafts: list[OwnDraft] = field(default_factory=list)
    label: str = ""
    file: int | None = None
    is_form: bool = False

    @property
    def id(self) -> str:
        """What its element on a page is called."""
        return f"thread-{self.thread.id}" if self.thread else f"draft-{self.drafts[0].id}"

    @property
    def speakers(self) -> set[int | None]:
        """The accounts of those who took part, who may settle it."""
        return {one.author.user_id for one in self.said}

    @property
    def is_resolved(self) -> bool:
        """Whether it is settled."""
        return self.thread is not None and self.thread.is_resolved


@dataclass(frozen=True, slots=True)
class Conversation:
    """All that is said at places; `drafts_count` counts those too that are about the change as a whole."""

    talks: tuple[Talk, ...]
    drafts_count: int


def find_conversation(session: Session, viewer: Viewer, opened: OpenedChange) -> Conversation:
    """What was published at places of the change, and what the viewer drafted, for them alone."""
    user_id, topic_id = viewer.user_id, opened.topic.id

    def render(words: str, mark: str, *, keeps: bool = True) -> Markup:
        branch, config = opened.change.target, config_of(session)
        return render_words(config, opened.repository, words, branch=branch, mark=mark, keeps=keeps)

    query = (
        select(Thread, Anchor, Comment, Person)
        .join(Anchor, Anchor.thread_id == Thread.id)
        .join(Comment, Comment.thread_id == Thread.id)
        .join(Person, Person.id == Comment.author_id)
        .where(Thread.topic_id == topic_id)
        .order_by(Comment.position)
    )
    gone = Withholdings(session, opened.journal_topic)
    talks: dict[int, Talk] = {}
    by_comment: dict[str, Talk] = {}
    for thread, anchor, comment, person in session.execute(query):
        talk = talks.setdefault(thread.id, Talk(anchor, thread))
        by_comment[comment.global_id] = talk
        html = None if comment.text is None else render(comment.text, f"c{comment.id}")
        talk.said.append(_said(comment, person, html, gone))
    drafts = [] if user_id is None else list_drafts(session, user_id, topic_id)
    found = list(talks.values())
    for draft, place in drafts:
        own = _own(draft, place, render(draft.text, f"d{draft.id}", keeps=False))
        if draft.reply_to in by_comment:
            by_comment[draft.reply_to].drafts.append(own)
        elif place is not None:
            found.append(Talk(place, drafts=[own]))
    return Conversation(tuple(found), len(drafts))


def _said(comment: Comment, author: Person, html: Markup | None, gone: Withholdings) -> Said:
    return Said(
        row_id=comment.id,
        global_id=comment.global_id,
        author=face_of(author),
        at=comment.at,
        html=html,
        is_deleted=comment.is_deleted,
        withheld=gone.find_of(comment),
    )


def _own(draft: Draft, anchor: Anchor | None, html: Markup) -> OwnDraft:
    return OwnDraft(draft.id, draft.text, html, draft.updated_at, draft.resolves, draft.reply_to, anchor)
