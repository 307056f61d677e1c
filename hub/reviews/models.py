"""The rows about changes, their patch sets and reviews; most of them are what the journal's entries say.

What the journal does not know is in tables of its own, or named in `LOCAL_COLUMNS`.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import SEQUENCE, Base, text_enum


class VerdictValue(StrEnum):
    """What a review says about a patch set; `none` takes an earlier verdict back."""

    APPROVE = "approve"
    REQUEST_CHANGES = "request_changes"
    COMMENT = "comment"
    NONE = "none"


class Side(StrEnum):
    """Which text an anchor is in: a file as it was, as it is in the patch set, or a commit's message."""

    OLD = "old"
    NEW = "new"
    MESSAGE = "message"


class Change(Base):
    """A proposal to merge commits into the branch `target`; `name` is what `-o topic=` said.

    Its number, title, author and state are those of its topic. `patch_sets_count` and `commit_id` are of
    its newest patch set; `followed_*` name the branch, here or in a fork, that it follows.
    """

    __tablename__ = "changes"
    __table_args__ = (
        Index("ix_changes_target", "repository_id", "target"),
        Index("ix_changes_followed", "followed_repository_id", "followed_branch"),
    )

    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id", ondelete="CASCADE"), primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"))
    target: Mapped[str] = mapped_column(String(500))
    name: Mapped[str] = mapped_column(String(500))
    patch_sets_count: Mapped[int]
    commit_id: Mapped[str] = mapped_column(String(64))
    merged_commit_id: Mapped[str] = mapped_column(String(64))
    merged_strategy: Mapped[str] = mapped_column(String(40))
    merged_patch_set: Mapped[str] = mapped_column(String(64))
    followed_repository_id: Mapped[int | None] = mapped_column(
        ForeignKey("repositories.id", ondelete="SET NULL")
    )
    followed_branch: Mapped[str | None] = mapped_column(String(500))


class PatchSet(Base):
    """One version of a change: the commits from `base_id` (left out) to `commit_id`. Kept for ever.

    `label` is what people call it: its number, with the hub's sign where another hub gave it.
    """

    __tablename__ = "patch_sets"
    __table_args__ = (
        UniqueConstraint("topic_id", "label"),
        UniqueConstraint("topic_id", "entry_id"),
        Index("ix_patch_sets_commit_id", "commit_id"),
    )

    id: Mapped[int] = mapped_column(SEQUENCE, primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id", ondelete="CASCADE"))
    entry_id: Mapped[str] = mapped_column(String(64))
    number: Mapped[int]
    label: Mapped[str] = mapped_column(String(40))
    commit_id: Mapped[str] = mapped_column(String(64))
    base_id: Mapped[str] = mapped_column(String(64))
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="RESTRICT"))
    at: Mapped[datetime]


class PatchSetFacts(Base):
    """What git says about a patch set, kept for lists and for telling versions of one change apart.

    `patch_id` is that of everything it changes at once, empty where there is none; `change_key` the Change-Id
    of its tip; `is_rebase`: it changes what the patch set before it changed, on another base.
    """

    __tablename__ = "patch_set_facts"

    patch_set_id: Mapped[int] = mapped_column(
        ForeignKey("patch_sets.id", ondelete="CASCADE"), primary_key=True
    )
    subject: Mapped[str] = mapped_column(Text)
    patch_id: Mapped[str] = mapped_column(String(64), index=True)
    change_key: Mapped[str] = mapped_column(String(100), index=True)
    is_rebase: Mapped[bool]
    commits_count: Mapped[int]
    files_count: Mapped[int]
    added_lines: Mapped[int]
    removed_lines: Mapped[int]


class PatchSetCommit(Base):
    """One commit of a patch set, the oldest at position 0, with the patch-id by which a copy is known."""

    __tablename__ = "patch_set_commits"
    __table_args__ = (
        Index("ix_patch_set_commits_patch_id", "patch_id"),
        Index("ix_patch_set_commits_commit_id", "commit_id"),
    )

    patch_set_id: Mapped[int] = mapped_column(
        ForeignKey("patch_sets.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    commit_id: Mapped[str] = mapped_column(String(64))
    patch_id: Mapped[str] = mapped_column(String(64))


class Review(Base):
    """What somebody said about a patch set at once: summary and comments, published with a verdict."""

    __tablename__ = "reviews"
    __table_args__ = (
        UniqueConstraint("topic_id", "entry_id"),
        Index("ix_reviews_author_id", "author_id", "topic_id"),
    )

    id: Mapped[int] = mapped_column(SEQUENCE, primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id", ondelete="CASCADE"))
    entry_id: Mapped[str] = mapped_column(String(64))
    patch_set: Mapped[str] = mapped_column(String(64))
    verdict: Mapped[VerdictValue] = mapped_column(text_enum(VerdictValue))
    text: Mapped[str | None] = mapped_column(Text)
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="RESTRICT"))
    at: Mapped[datetime]
    is_dismissed: Mapped[bool]


class Verdict(Base):
    """The last verdict of a person about a patch set, by the entry ids of patch set and review."""

    __tablename__ = "verdicts"

    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="RESTRICT"), primary_key=True)
    patch_set: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[VerdictValue] = mapped_column(text_enum(VerdictValue))
    review: Mapped[str] = mapped_column(String(64))


class ChangeReviewer(Base):
    """Somebody who was asked for a review."""

    __tablename__ = "change_reviewers"

    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id", ondelete="RESTRICT"), primary_key=True, index=True
    )


class Anchor(Base):
    """The place that a thread or a draft is about; the first and last line count from 1, None: all of it.

    `patch_set` is an entry id; `path` is as the journal writes paths, and for `message` a commit's id.
    """

    __tablename__ = "anchors"
    __table_args__ = (
        CheckConstraint("(thread_id IS NULL) <> (draft_id IS NULL)", name="one_owner"),
        UniqueConstraint("thread_id"),
        UniqueConstraint("draft_id"),
    )

    id: Mapped[int] = mapped_column(SEQUENCE, primary_key=True)
    thread_id: Mapped[int | None] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"))
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("drafts.id", ondelete="CASCADE"))
    patch_set: Mapped[str] = mapped_column(String(64))
    side: Mapped[Side] = mapped_column(text_enum(Side))
    path: Mapped[str] = mapped_column(Text)
    first_line: Mapped[int | None]
    last_line: Mapped[int | None]


class Proposal(Base):
    """What a push proposes, written with its intent and made into entries by its record."""

    __tablename__ = "proposals"
    __table_args__ = (UniqueConstraint("push_id", "ref"),)

    id: Mapped[int] = mapped_column(SEQUENCE, primary_key=True)
    push_id: Mapped[str] = mapped_column(String(40))
    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"), index=True)
    ref: Mapped[str] = mapped_column(Text)
    # Any: JSON, whose shape `intake.proposed` defines.
    said: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]


LOCAL_TABLES: Final = (PatchSetFacts, PatchSetCommit, Proposal)
LOCAL_COLUMNS: Final[Mapping[type[Base], frozenset[str]]] = {
    Change: frozenset({"followed_repository_id", "followed_branch"}),
    Anchor: frozenset({"draft_id"}),
}
