"""What is indexed of changes: what they say, the comments on them, and the summaries of reviews."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from hub.issues.models import Comment, Topic, TopicType
from hub.journal.models import JournalEntry
from hub.journal.redactions import REDACT
from hub.reviews.models import Change, Review
from hub.search.words.documents import Document, DocumentKind

# As many digits of an entry's id as a column of the index holds.
_DIGITS: Final = 16


class Topics:
    """Changes with all that was said of them; each at the last entry of its journal."""

    kinds: Sequence[DocumentKind] = (DocumentKind.CHANGE, DocumentKind.COMMENT, DocumentKind.REVIEW)
    is_of_topics = True

    def stamps(self, session: Session, units: Collection[int] | None = None) -> dict[int, int]:
        """The last entry of each, as a number."""
        last = select(JournalEntry.topic_id, func.max(JournalEntry.id).label("id")).group_by(
            JournalEntry.topic_id
        )
        if units is not None:
            last = last.where(JournalEntry.topic_id.in_(select(Topic.journal_id).where(Topic.id.in_(units))))
        newest = last.subquery()
        query = (
            select(Topic.id, JournalEntry.entry_id)
            .join(newest, newest.c.topic_id == Topic.journal_id)
            .join(JournalEntry, JournalEntry.id == newest.c.id)
            .where(Topic.type == TopicType.CHANGE)
        )
        return {row[0]: int(row[1][:_DIGITS], 16) for row in session.execute(query)}

    def documents(self, session: Session, stamps: Mapping[int, int]) -> Iterator[Document]:
        """The change, then what was said of it."""
        yield from self._changes(session, stamps)
        for kind, query in ((DocumentKind.COMMENT, _comments()), (DocumentKind.REVIEW, _reviews())):
            for row in session.execute(query.where(Topic.id.in_(stamps))):
                yield Document(
                    kind,
                    row.id,
                    unit=row.topic_id,
                    stamp=stamps[row.topic_id],
                    repository=row.repository_id,
                    at=int(row.at.timestamp()),
                    body=row.text or "",
                )

    def _changes(self, session: Session, stamps: Mapping[int, int]) -> Iterator[Document]:
        query = select(
            Topic.id,
            Topic.repository_id,
            Topic.opened_at,
            Topic.title,
            Topic.description,
            Change.name,
            Change.followed_branch,
        ).join(Change, Change.topic_id == Topic.id)
        for row in session.execute(query.where(Topic.id.in_(stamps))):
            yield Document(
                DocumentKind.CHANGE,
                row.id,
                unit=row.id,
                stamp=stamps[row.id],
                repository=row.repository_id,
                at=int(row.opened_at.timestamp()),
                title=row.title or "",
                body=row.description or "",
                names=" ".join(dict.fromkeys(one for one in (row.name, row.followed_branch) if one)),
            )

    def list_taken(self, session: Session, units: Collection[int]) -> set[int]:
        """Those in whose journals somebody took words away."""
        query = (
            select(Topic.id)
            .join(JournalEntry, JournalEntry.topic_id == Topic.journal_id)
            .where(JournalEntry.kind == REDACT, Topic.id.in_(units))
        )
        return set(session.scalars(query))


def _comments() -> Select[int, int, str | None, datetime, int]:
    return (
        select(Comment.id, Comment.topic_id, Comment.text, Comment.at, Topic.repository_id)
        .join(Topic, Topic.id == Comment.topic_id)
        .where(Comment.is_deleted.is_(False), Comment.text.is_not(None))
    )


def _reviews() -> Select[int, int, str | None, datetime, int]:
    return (
        select(Review.id, Review.topic_id, Review.text, Review.at, Topic.repository_id)
        .join(Topic, Topic.id == Review.topic_id)
        .where(Review.text.is_not(None), Review.text != "")
    )
