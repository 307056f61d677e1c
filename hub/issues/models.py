"""The rows about numbered topics and their conversation; most of them are what the journal's entries say.

A column that the journal does not know is named in the `LOCAL` of its table.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import SEQUENCE, Base, text_enum

# "<entry id>.<index>": how a comment, and the thread that it begins, are named everywhere.
GLOBAL_ID_LENGTH: Final = 80

# What every list of topics has in common; its index goes on with what sorts it, and holds all it asks.
_LISTED: Final = ("repository_id", "type", "state")


class TopicType(StrEnum):
    """What a numbered topic is."""

    CHANGE = "change"
    ISSUE = "issue"


class TopicState(StrEnum):
    """How far a topic is."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


class Topic(Base):
    """Something that is talked about under a number: one sequence per repository.

    `title` and `description` are None once they were redacted.
    """

    __tablename__ = "topics"
    __table_args__ = (
        UniqueConstraint("repository_id", "number"),
        Index("ix_topics_listed", *_LISTED, "number", "is_draft"),
        Index("ix_topics_updated", *_LISTED, "updated_at", "number", "is_draft"),
        Index("ix_topics_commented", *_LISTED, "comments_count", "number", "is_draft"),
        Index("ix_topics_author_id", "author_id", "type", "state"),
    )

    id: Mapped[int] = mapped_column(SEQUENCE, primary_key=True)
    journal_id: Mapped[int] = mapped_column(ForeignKey("journal_topics.id", ondelete="CASCADE"), unique=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"))
    number: Mapped[int]
    type: Mapped[TopicType] = mapped_column(text_enum(TopicType))
    state: Mapped[TopicState] = mapped_column(text_enum(TopicState))
    is_draft: Mapped[bool]
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="RESTRICT"))
    title: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    opened_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="RESTRICT"))
    comments_count: Mapped[int]


class TopicEdit(Base):
    """What a topic's title and description were before somebody edited them; `position` counts from 0."""

    __tablename__ = "topic_edits"

    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[str] = mapped_column(String(64))
    editor_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="RESTRICT"))
    at: Mapped[datetime]
    title: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)


class Thread(Base):
    """A discussion: its first comment, whose name it bears, and the answers."""

    __tablename__ = "threads"
    __table_args__ = (UniqueConstraint("topic_id", "global_id"),)

    id: Mapped[int] = mapped_column(SEQUENCE, primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id", ondelete="CASCADE"))
    global_id: Mapped[str] = mapped_column(String(GLOBAL_ID_LENGTH))
    is_resolved: Mapped[bool]
    resolved_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="RESTRICT"))
    resolved_at: Mapped[datetime | None]


class Comment(Base):
    """What somebody said in a thread; `text` is None once it was deleted or redacted.

    `reply_to` is the global id of the comment answered, empty for the first of a thread; `position` is its
    place in the topic.
    """

    __tablename__ = "comments"
    __table_args__ = (
        UniqueConstraint("topic_id", "global_id"),
        Index("ix_comments_thread_id", "thread_id", "position"),
    )

    id: Mapped[int] = mapped_column(SEQUENCE, primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id", ondelete="CASCADE"))
    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"))
    global_id: Mapped[str] = mapped_column(String(GLOBAL_ID_LENGTH))
    position: Mapped[int]
    reply_to: Mapped[str] = mapped_column(String(GLOBAL_ID_LENGTH))
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="RESTRICT"))
    text: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]
    is_deleted: Mapped[bool]


class CommentEdit(Base):
    """What a comment said before its author edited it; `position` counts from 0."""

    __tablename__ = "comment_edits"

    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    text: Mapped[str | None] = mapped_column(Text)


class Draft(Base):
    """What somebody wrote and did not publish yet: private, kept by the server, unknown to the journal.

    `reply_to` is the global id of the comment answered, empty for the first of a thread, and `resolves` what
    publishing does to the thread (None: nothing).
    """

    __tablename__ = "drafts"
    __table_args__ = (Index("ix_drafts_user_id_topic_id", "user_id", "topic_id"),)

    id: Mapped[int] = mapped_column(SEQUENCE, primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    reply_to: Mapped[str] = mapped_column(String(GLOBAL_ID_LENGTH))
    text: Mapped[str] = mapped_column(Text)
    resolves: Mapped[bool | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class TopicNumbers(Base):
    """The last number that a repository gave to a topic; numbers are never given twice."""

    __tablename__ = "topic_numbers"

    repository_id: Mapped[int] = mapped_column(
        ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True
    )
    last: Mapped[int]


# Whole tables that the journal does not know.
LOCAL_TABLES: Final = (Draft, TopicNumbers)
