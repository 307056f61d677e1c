"""Everything that the conversation of a change shows, put together with few questions to the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.db import config_of
from hub.issues.models import TopicEdit
from hub.journal.format.entries import Entry
from hub.reviews.changes import OpenedChange
from hub.reviews.conversation import events as happened
from hub.reviews.conversation.events import Event, Known, SaidReview, Words
from hub.reviews.conversation.reviewers import Reviewer, list_people, list_reviewers
from hub.reviews.conversation.threads import SaidThread, list_threads
from hub.reviews.faces import Face
from hub.reviews.models import Review
from hub.reviews.prose import render_words
from hub.reviews.shell import ChangeHead
from hub.reviews.wordings import Withheld, Withholdings

# More reviews than anybody gives to one change; verdicts beyond them are not shown.
_MOST_REVIEWS: Final = 1000


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """A page of what was said and done.

    `withheld` is who took title and description away, where somebody did; `has_words`: some wording of them
    is still there. `still_open` are the threads that
    nobody settled and that stand in no event of this page; `earlier` says where the page before this one
    begins, None on the first.
    """

    description: Markup | None
    withheld: Withheld | None
    has_words: bool
    events: list[Event]
    still_open: list[SaidThread]
    reviewers: list[Reviewer]
    earlier: int | None
    is_newest: bool
    is_author: bool
    is_maintainer: bool
    user_id: int | None

    def may_settle(self, thread: SaidThread) -> bool:
        """Whether the viewer may resolve the thread, if they may comment at all."""
        return self.is_author or self.is_maintainer or thread.is_taken_part_in_by(self.user_id)


def read_conversation(
    session: Session, viewer: Viewer, opened: OpenedChange, head: ChangeHead, *, before: int | None = None
) -> ConversationPage:
    """What happened last to the change, or what happened before a moment (`t` of an entry)."""
    limit = happened.MOST_EVENTS
    entries, signers = happened.list_newest_entries(
        session, opened.journal_topic.id, before=before, limit=limit + 1
    )
    has_earlier, entries = len(entries) > limit, entries[-limit:]
    labels = {one.entry_id: one.label for one in head.versions}
    gone = Withholdings(session, opened.journal_topic)
    threads = list_threads(session, opened, labels, touched=happened.touched_by(entries), gone=gone)
    reviews = _list_reviews(session, opened.topic.id)
    names = happened.people_in(entries)
    people, asked = list_people(session, opened.topic.id, names, {one.author_id for one in reviews})
    by_id = {one.person_id: one for one in people.values()}
    here = {one.id for one in entries}
    texts = {one.entry_id: _summary(session, opened, one) for one in reviews if one.entry_id in here}
    said = {one.entry_id: _said(one, by_id, labels, texts.get(one.entry_id), gone) for one in reviews}
    known = Known(
        people=people,
        versions={one.entry_id: one for one in head.versions},
        reviews=said,
        words=_list_words(session, opened, entries),
        threads={comment.global_id: one for one in threads for comment in one.comments},
        signers=signers,
    )
    events = happened.list_events(entries, known)
    shown = {one.row_id for event in events if event.kind in happened.TALKS for one in event.threads}
    return ConversationPage(
        description=_description(session, opened),
        withheld=_who_took_description(session, opened, gone),
        has_words=_has_words(session, opened),
        events=events,
        still_open=[one for one in threads if one.is_open and one.row_id not in shown],
        reviewers=list_reviewers(by_id, asked, reviews, said, author_id=opened.author.id),
        earlier=entries[0].t if has_earlier else None,
        is_newest=before is None,
        is_author=opened.is_author,
        is_maintainer=opened.is_maintainer,
        user_id=viewer.user_id,
    )


def _list_reviews(session: Session, topic_id: int) -> list[Review]:
    query = select(Review).where(Review.topic_id == topic_id).order_by(Review.id.desc()).limit(_MOST_REVIEWS)
    return list(reversed(session.scalars(query).all()))


def _summary(session: Session, opened: OpenedChange, review: Review) -> Markup | None:
    if not review.text:
        return None
    branch = opened.change.target
    return render_words(
        config_of(session), opened.repository, review.text, branch=branch, mark=f"r{review.id}"
    )


def _said(
    review: Review,
    people: Mapping[int, Face],
    labels: Mapping[str, str],
    html: Markup | None,
    gone: Withholdings,
) -> SaidReview:
    return SaidReview(
        row_id=review.id,
        entry_id=review.entry_id,
        is_gone=review.text is None,
        withheld=gone.find(review.entry_id) if review.text is None else None,
        author=people[review.author_id],
        verdict=review.verdict,
        label=labels.get(review.patch_set, ""),
        html=html,
        is_dismissed=review.is_dismissed,
    )


def _list_words(session: Session, opened: OpenedChange, entries: Sequence[Entry]) -> Mapping[str, Words]:
    ids = [one.id for one in entries if one.kind == "edit" and "body" in one.d]
    if not ids:
        return {}
    first = select(TopicEdit.position).where(
        TopicEdit.topic_id == opened.topic.id, TopicEdit.entry_id == ids[0]
    )
    query = (
        select(TopicEdit)
        .where(TopicEdit.topic_id == opened.topic.id, TopicEdit.position >= first.scalar_subquery())
        .order_by(TopicEdit.position)
        .limit(happened.MOST_EVENTS + 1)
    )
    now = opened.topic.title, opened.topic.description
    return happened.words_of(session.scalars(query).all(), now)


def _who_took_description(session: Session, opened: OpenedChange, gone: Withholdings) -> Withheld | None:
    if opened.topic.description is not None:
        return None
    last = select(TopicEdit.entry_id).where(TopicEdit.topic_id == opened.topic.id)
    edit = session.scalar(last.order_by(TopicEdit.position.desc()).limit(1))
    return gone.find(edit or opened.journal_topic.topic_id)


def _has_words(session: Session, opened: OpenedChange) -> bool:
    if opened.topic.title is not None:
        return True
    earlier = exists().where(TopicEdit.topic_id == opened.topic.id, TopicEdit.title.is_not(None))
    return bool(session.scalar(select(earlier)))


def _description(session: Session, opened: OpenedChange) -> Markup | None:
    words = opened.topic.description
    if not words:
        return None
    branch = opened.change.target
    return render_words(config_of(session), opened.repository, words, branch=branch, mark="d")
