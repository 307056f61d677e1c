"""What people say about a change: drafts, published together, answers, settled threads, edits."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from hub.access import Permission, Viewer
from hub.clock import now
from hub.errors import Conflict, Forbidden, Invalid, NotFound, Text, text
from hub.issues.models import Comment, Draft, Thread, TopicState
from hub.journal.models import Person
from hub.repos.access import require
from hub.reviews.access import is_author
from hub.reviews.actions import act_on
from hub.reviews.changes import OpenedChange
from hub.reviews.kinds import anchor_data
from hub.reviews.models import Anchor, PatchSet, Side, VerdictValue
from hub.reviews.state import AnchorState

MOST_TEXT: Final = 65_536
# One review is one entry, which has at most 64 KiB without the texts.
MOST_DRAFTS: Final = 150


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new thread begins; `patch_set` is an entry id, `path` as the journal writes paths."""

    patch_set: str
    side: Side
    path: str
    lines: tuple[int, int] | None = None


def save_draft(
    session: Session,
    viewer: Viewer,
    opened: OpenedChange,
    *,
    words: str,
    place: Place | None = None,
    reply_to: str = "",
    resolves: bool | None = None,
) -> Draft:
    """Keeps a comment that only its author sees until it is published. Raises Invalid, NotFound, Conflict."""
    user_id = _require_speaker(session, viewer, opened)
    words = check_comment(session, viewer, opened, words=words, place=place, reply_to=reply_to)
    mine = select(func.count()).where(Draft.user_id == user_id, Draft.topic_id == opened.topic.id)
    if (session.scalar(mine) or 0) >= MOST_DRAFTS:
        raise Conflict(
            text("You have %(most)s unpublished comments on this change.", most=MOST_DRAFTS),
            next_step=text("Publish them, then write more."),
        )
    at = now()
    draft = Draft(
        topic_id=opened.topic.id,
        user_id=user_id,
        reply_to=reply_to,
        text=words,
        resolves=resolves,
        created_at=at,
        updated_at=at,
    )
    session.add(draft)
    session.flush()
    if place is not None:
        session.add(_anchor_of(draft, place))
        session.flush()
    return draft


def change_draft(
    session: Session,
    viewer: Viewer,
    opened: OpenedChange,
    *,
    draft_id: int,
    words: str,
    resolves: bool | None = None,
) -> None:
    """Gives one of the viewer's drafts other words."""
    draft = _get_draft(session, viewer, opened, draft_id)
    draft.text, draft.resolves, draft.updated_at = _checked(words), resolves, now()
    session.flush()


def drop_draft(session: Session, viewer: Viewer, opened: OpenedChange, *, draft_id: int) -> None:
    """Throws one of the viewer's drafts away."""
    session.delete(_get_draft(session, viewer, opened, draft_id))
    session.flush()


def publish_review(
    session: Session,
    viewer: Viewer,
    opened: OpenedChange,
    *,
    patch_set: str,
    verdict: VerdictValue,
    summary: str = "",
) -> None:
    """Publishes the viewer's drafts together with a summary and a verdict about that patch set (entry id).

    Raises Invalid where there is nothing to publish, Forbidden for a verdict about one's own change.
    """
    summary = summary.replace("\r\n", "\n").strip()
    user_id = check_review(session, viewer, opened, patch_set=patch_set, verdict=verdict, summary=summary)
    drafts = list_drafts(session, user_id, opened.topic.id)
    if not drafts and not summary and verdict is VerdictValue.COMMENT:
        fault = text("Write a summary, or a comment on a line.")
        raise Invalid(text("There is nothing to publish."), {"summary": fault})
    bodies = [summary] if summary else []
    d: dict[str, Any] = {"ps": patch_set, "verdict": verdict.value}
    if summary:
        d["body"] = 0
    comments = []
    for draft, anchor in drafts:
        comments.append(_comment_data(draft, anchor, body=len(bodies)))
        bodies.append(draft.text)
    if comments:
        d["comments"] = comments
    act_on(session, viewer, opened, "review", d, *bodies)
    session.execute(delete(Draft).where(Draft.user_id == user_id, Draft.topic_id == opened.topic.id))


def check_review(
    session: Session,
    viewer: Viewer,
    opened: OpenedChange,
    *,
    patch_set: str,
    verdict: VerdictValue,
    summary: str,
) -> int:
    """The id of the viewer's account, who may say this about that patch set (entry id) now.

    Raises Forbidden, Conflict, Invalid or NotFound where they may not.
    """
    user_id = _require_speaker(session, viewer, opened)
    _check_verdict(opened, verdict)
    if len(summary) > MOST_TEXT:
        raise Invalid(text("The summary is too long."), {"summary": _too_long()})
    if session.scalar(_patch_set_of(opened, patch_set)) is None:
        raise NotFound(text("There is no such patch set of this change."))
    return user_id


def check_comment(
    session: Session,
    viewer: Viewer,
    opened: OpenedChange,
    *,
    words: str,
    place: Place | None = None,
    reply_to: str = "",
) -> str:
    """The words as they are kept, of a comment that the viewer may write there now.

    Raises Forbidden, Invalid or NotFound where they may not.
    """
    _require_speaker(session, viewer, opened)
    words = _checked(words)
    if place is not None:
        _check_place(session, opened, place)
    if reply_to:
        _get_comment(session, opened, reply_to)
    return words


def say(
    session: Session,
    viewer: Viewer,
    opened: OpenedChange,
    *,
    words: str,
    reply_to: str = "",
    resolves: bool | None = None,
) -> None:
    """Publishes one comment at once: an answer in a thread, or one on the change as a whole."""
    words = check_comment(session, viewer, opened, words=words, reply_to=reply_to)
    said: dict[str, Any] = {"body": 0}
    if reply_to:
        said["re"] = reply_to
    if resolves is not None:
        said["resolved"] = resolves
    act_on(session, viewer, opened, "comment", {"comments": [said]}, words)


def edit_comment(session: Session, viewer: Viewer, opened: OpenedChange, *, comment: str, words: str) -> None:
    """Gives one's own comment other words; what it said before stays readable."""
    _require_speaker(session, viewer, opened)
    found, author = _get_comment(session, opened, comment)
    if not is_author(viewer, author.user_id):
        raise Forbidden(text("This comment is somebody else's."), text("Only its author edits it."))
    if found.is_deleted:
        raise Conflict(text("This comment was deleted."))
    words = _checked(words)
    if words != found.text:
        act_on(session, viewer, opened, "comment_edit", {"comment": comment}, words)


def delete_comment(session: Session, viewer: Viewer, opened: OpenedChange, *, comment: str) -> None:
    """Takes a comment off the pages for good: one's own, or as a maintainer."""
    _require_speaker(session, viewer, opened)
    found, author = _get_comment(session, opened, comment)
    if not (is_author(viewer, author.user_id) or opened.is_maintainer):
        raise Forbidden(
            text("This comment is somebody else's."), text("Only its author and maintainers delete it.")
        )
    if not found.is_deleted:
        act_on(session, viewer, opened, "comment_delete", {"comment": comment})


def resolve(
    session: Session, viewer: Viewer, opened: OpenedChange, *, thread: str, is_resolved: bool
) -> None:
    """Settles a thread or takes it up again: for whoever took part, the change's author and maintainers."""
    found = check_resolve(session, viewer, opened, thread=thread)
    if found.is_resolved != is_resolved:
        act_on(session, viewer, opened, "resolve", {"thread": thread, "resolved": is_resolved})


def check_resolve(session: Session, viewer: Viewer, opened: OpenedChange, *, thread: str) -> Thread:
    """The thread, which the viewer may settle; raises NotFound and Forbidden."""
    user_id = _require_speaker(session, viewer, opened)
    query = select(Thread).where(Thread.topic_id == opened.topic.id, Thread.global_id == thread)
    found = session.scalar(query)
    if found is None:
        raise NotFound(text("There is no such thread in this change."))
    took_part = (
        select(Comment.id)
        .join(Person, Person.id == Comment.author_id)
        .where(Comment.thread_id == found.id, Person.user_id == user_id)
        .limit(1)
    )
    if not (opened.is_author or opened.is_maintainer or session.scalar(took_part)):
        raise Forbidden(
            text("You took no part in this thread."),
            text("Whoever wrote in it, the change's author and maintainers settle it."),
            text("Answer in it first."),
        )
    return found


def list_drafts(session: Session, user_id: int, topic_id: int) -> list[tuple[Draft, Anchor | None]]:
    """What somebody wrote on a change and did not publish yet, in the order of writing."""
    query = (
        select(Draft, Anchor)
        .outerjoin(Anchor, Anchor.draft_id == Draft.id)
        .where(Draft.user_id == user_id, Draft.topic_id == topic_id)
        .order_by(Draft.id)
    )
    return [(draft, anchor) for draft, anchor in session.execute(query)]


def _check_verdict(opened: OpenedChange, verdict: VerdictValue) -> None:
    if verdict is VerdictValue.COMMENT:
        return
    if opened.is_author:
        raise Forbidden(
            text("This change is your own."),
            text("Others give verdicts about it."),
            text("Publish your comments without one."),
        )
    if opened.topic.state is not TopicState.OPEN:
        raise Conflict(
            text("Change %(number)s is not open any more.", number=opened.topic.number),
            next_step=text("Publish your comments without a verdict."),
        )


def _require_speaker(session: Session, viewer: Viewer, opened: OpenedChange) -> int:
    require(session, viewer, opened.repository, Permission.COMMENT)
    if viewer.user_id is None:
        raise Forbidden(text("A deploy key says nothing."), text("Comments have authors."))
    return viewer.user_id


def _checked(words: str) -> str:
    words = words.replace("\r\n", "\n").strip("\n").rstrip()
    if not words.strip():
        raise Invalid(text("The comment is empty."), {"text": text("Write something.")})
    if len(words) > MOST_TEXT:
        raise Invalid(text("The comment is too long."), {"text": _too_long()})
    return words


def _too_long() -> Text:
    return text("Use at most %(limit)s characters.", limit=MOST_TEXT)


def _check_place(session: Session, opened: OpenedChange, place: Place) -> None:
    if session.scalar(_patch_set_of(opened, place.patch_set)) is None:
        raise NotFound(text("There is no such patch set of this change."))
    first, last = place.lines or (1, 1)
    if not 1 <= first <= last:
        fault = text("The first line comes before the last one.")
        raise Invalid(text("These are no lines."), {"lines": fault})


def _patch_set_of(opened: OpenedChange, entry_id: str) -> Any:  # a statement that selects one id
    return select(PatchSet.id).where(PatchSet.topic_id == opened.topic.id, PatchSet.entry_id == entry_id)


def _anchor_of(draft: Draft, place: Place) -> Anchor:
    first, last = place.lines or (None, None)
    return Anchor(
        draft_id=draft.id,
        patch_set=place.patch_set,
        side=place.side,
        path=place.path,
        first_line=first,
        last_line=last,
    )


def _comment_data(draft: Draft, anchor: Anchor | None, *, body: int) -> dict[str, Any]:
    said: dict[str, Any] = {"body": body}
    if draft.reply_to:
        said["re"] = draft.reply_to
    elif anchor is not None:
        lines = None
        if anchor.first_line is not None and anchor.last_line is not None:
            lines = (anchor.first_line, anchor.last_line)
        said["at"] = anchor_data(AnchorState(anchor.patch_set, anchor.side.value, anchor.path, lines))
    if draft.resolves is not None:
        said["resolved"] = draft.resolves
    return said


def _get_draft(session: Session, viewer: Viewer, opened: OpenedChange, draft_id: int) -> Draft:
    user_id = _require_speaker(session, viewer, opened)
    query = select(Draft).where(
        Draft.id == draft_id, Draft.user_id == user_id, Draft.topic_id == opened.topic.id
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound(text("There is no such draft of yours."), text("It may have been published."))
    return found


def _get_comment(session: Session, opened: OpenedChange, global_id: str) -> tuple[Comment, Person]:
    query = (
        select(Comment, Person)
        .join(Person, Person.id == Comment.author_id)
        .where(Comment.topic_id == opened.topic.id, Comment.global_id == global_id)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound(text("There is no such comment in this change."))
    return found[0], found[1]
