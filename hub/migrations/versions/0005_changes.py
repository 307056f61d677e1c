"""Topics and changes: what the entries of the journal say, and what the hub keeps beside it."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_CHOICE = sa.String(32)


def upgrade() -> None:
    """Makes the tables of topics, their conversation, changes, patch sets and reviews."""
    _create_proposals()
    _create_topic_numbers()
    _create_topics()
    _create_change_reviewers()
    _create_changes()
    _create_drafts()
    _create_patch_sets()
    _create_reviews()
    _create_threads()
    _create_topic_edits()
    _create_verdicts()
    _create_anchors()
    _create_comments()
    _create_patch_set_commits()
    _create_patch_set_facts()
    _create_comment_edits()


def _reference(table: str, column: str, other: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{other}"
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=ondelete)


def _create_proposals() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", _SEQUENCE, nullable=False),
        sa.Column("push_id", sa.String(40), nullable=False),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        _reference("proposals", "repository_id", "repositories"),
        sa.PrimaryKeyConstraint("id", name="pk_proposals"),
        sa.UniqueConstraint("push_id", "ref", name="uq_proposals_push_id_ref"),
    )
    op.create_index("ix_proposals_repository_id", "proposals", ["repository_id"])


def _create_topic_numbers() -> None:
    op.create_table(
        "topic_numbers",
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        _reference("topic_numbers", "repository_id", "repositories"),
        sa.PrimaryKeyConstraint("repository_id", name="pk_topic_numbers"),
    )


def _create_topics() -> None:
    op.create_table(
        "topics",
        sa.Column("id", _SEQUENCE, nullable=False),
        sa.Column("journal_id", sa.Integer(), nullable=False),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("type", _CHOICE, nullable=False),
        sa.Column("state", _CHOICE, nullable=False),
        sa.Column("is_draft", sa.Boolean(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text()),
        sa.Column("description", sa.Text()),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.Column("ended_by_id", sa.Integer()),
        sa.Column("comments_count", sa.Integer(), nullable=False),
        _reference("topics", "author_id", "people", "RESTRICT"),
        _reference("topics", "ended_by_id", "people", "RESTRICT"),
        _reference("topics", "journal_id", "journal_topics"),
        _reference("topics", "repository_id", "repositories"),
        sa.PrimaryKeyConstraint("id", name="pk_topics"),
        sa.UniqueConstraint("journal_id", name="uq_topics_journal_id"),
        sa.UniqueConstraint("repository_id", "number", name="uq_topics_repository_id_number"),
    )
    op.create_index("ix_topics_author_id", "topics", ["author_id", "type", "state"])
    op.create_index("ix_topics_listed", "topics", ["repository_id", "type", "state", "is_draft", "number"])


def _create_change_reviewers() -> None:
    op.create_table(
        "change_reviewers",
        sa.Column("topic_id", _SEQUENCE, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        _reference("change_reviewers", "person_id", "people", "RESTRICT"),
        _reference("change_reviewers", "topic_id", "topics"),
        sa.PrimaryKeyConstraint("topic_id", "person_id", name="pk_change_reviewers"),
    )
    op.create_index("ix_change_reviewers_person_id", "change_reviewers", ["person_id"])


def _create_changes() -> None:
    op.create_table(
        "changes",
        sa.Column("topic_id", _SEQUENCE, nullable=False),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(500), nullable=False),
        sa.Column("name", sa.String(500), nullable=False),
        sa.Column("patch_sets_count", sa.Integer(), nullable=False),
        sa.Column("commit_id", sa.String(64), nullable=False),
        sa.Column("merged_commit_id", sa.String(64), nullable=False),
        sa.Column("merged_strategy", sa.String(40), nullable=False),
        sa.Column("merged_patch_set", sa.String(64), nullable=False),
        sa.Column("followed_repository_id", sa.Integer()),
        sa.Column("followed_branch", sa.String(500)),
        _reference("changes", "followed_repository_id", "repositories", "SET NULL"),
        _reference("changes", "repository_id", "repositories"),
        _reference("changes", "topic_id", "topics"),
        sa.PrimaryKeyConstraint("topic_id", name="pk_changes"),
    )
    op.create_index("ix_changes_followed", "changes", ["followed_repository_id", "followed_branch"])
    op.create_index("ix_changes_target", "changes", ["repository_id", "target"])


def _create_drafts() -> None:
    op.create_table(
        "drafts",
        sa.Column("id", _SEQUENCE, nullable=False),
        sa.Column("topic_id", _SEQUENCE, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("reply_to", sa.String(80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("resolves", sa.Boolean()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        _reference("drafts", "topic_id", "topics"),
        _reference("drafts", "user_id", "users"),
        sa.PrimaryKeyConstraint("id", name="pk_drafts"),
    )
    op.create_index("ix_drafts_topic_id", "drafts", ["topic_id"])
    op.create_index("ix_drafts_user_id_topic_id", "drafts", ["user_id", "topic_id"])


def _create_patch_sets() -> None:
    op.create_table(
        "patch_sets",
        sa.Column("id", _SEQUENCE, nullable=False),
        sa.Column("topic_id", _SEQUENCE, nullable=False),
        sa.Column("entry_id", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(40), nullable=False),
        sa.Column("commit_id", sa.String(64), nullable=False),
        sa.Column("base_id", sa.String(64), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        _reference("patch_sets", "author_id", "people", "RESTRICT"),
        _reference("patch_sets", "topic_id", "topics"),
        sa.PrimaryKeyConstraint("id", name="pk_patch_sets"),
        sa.UniqueConstraint("topic_id", "entry_id", name="uq_patch_sets_topic_id_entry_id"),
        sa.UniqueConstraint("topic_id", "label", name="uq_patch_sets_topic_id_label"),
    )
    op.create_index("ix_patch_sets_commit_id", "patch_sets", ["commit_id"])


def _create_reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", _SEQUENCE, nullable=False),
        sa.Column("topic_id", _SEQUENCE, nullable=False),
        sa.Column("entry_id", sa.String(64), nullable=False),
        sa.Column("patch_set", sa.String(64), nullable=False),
        sa.Column("verdict", _CHOICE, nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("is_dismissed", sa.Boolean(), nullable=False),
        _reference("reviews", "author_id", "people", "RESTRICT"),
        _reference("reviews", "topic_id", "topics"),
        sa.PrimaryKeyConstraint("id", name="pk_reviews"),
        sa.UniqueConstraint("topic_id", "entry_id", name="uq_reviews_topic_id_entry_id"),
    )


def _create_threads() -> None:
    op.create_table(
        "threads",
        sa.Column("id", _SEQUENCE, nullable=False),
        sa.Column("topic_id", _SEQUENCE, nullable=False),
        sa.Column("global_id", sa.String(80), nullable=False),
        sa.Column("is_resolved", sa.Boolean(), nullable=False),
        sa.Column("resolved_by_id", sa.Integer()),
        sa.Column("resolved_at", _MOMENT),
        _reference("threads", "resolved_by_id", "people", "RESTRICT"),
        _reference("threads", "topic_id", "topics"),
        sa.PrimaryKeyConstraint("id", name="pk_threads"),
        sa.UniqueConstraint("topic_id", "global_id", name="uq_threads_topic_id_global_id"),
    )


def _create_topic_edits() -> None:
    op.create_table(
        "topic_edits",
        sa.Column("topic_id", _SEQUENCE, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.String(64), nullable=False),
        sa.Column("editor_id", sa.Integer(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("title", sa.Text()),
        sa.Column("description", sa.Text()),
        _reference("topic_edits", "editor_id", "people", "RESTRICT"),
        _reference("topic_edits", "topic_id", "topics"),
        sa.PrimaryKeyConstraint("topic_id", "position", name="pk_topic_edits"),
    )


def _create_verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("topic_id", _SEQUENCE, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("patch_set", sa.String(64), nullable=False),
        sa.Column("value", _CHOICE, nullable=False),
        sa.Column("review", sa.String(64), nullable=False),
        _reference("verdicts", "person_id", "people", "RESTRICT"),
        _reference("verdicts", "topic_id", "topics"),
        sa.PrimaryKeyConstraint("topic_id", "person_id", "patch_set", name="pk_verdicts"),
    )


def _create_anchors() -> None:
    op.create_table(
        "anchors",
        sa.Column("id", _SEQUENCE, nullable=False),
        sa.Column("thread_id", _SEQUENCE),
        sa.Column("draft_id", _SEQUENCE),
        sa.Column("patch_set", sa.String(64), nullable=False),
        sa.Column("side", _CHOICE, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("first_line", sa.Integer()),
        sa.Column("last_line", sa.Integer()),
        sa.CheckConstraint("(thread_id IS NULL) <> (draft_id IS NULL)", name=op.f("ck_anchors_one_owner")),
        _reference("anchors", "draft_id", "drafts"),
        _reference("anchors", "thread_id", "threads"),
        sa.PrimaryKeyConstraint("id", name="pk_anchors"),
        sa.UniqueConstraint("draft_id", name="uq_anchors_draft_id"),
        sa.UniqueConstraint("thread_id", name="uq_anchors_thread_id"),
    )


def _create_comments() -> None:
    op.create_table(
        "comments",
        sa.Column("id", _SEQUENCE, nullable=False),
        sa.Column("topic_id", _SEQUENCE, nullable=False),
        sa.Column("thread_id", _SEQUENCE, nullable=False),
        sa.Column("global_id", sa.String(80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("reply_to", sa.String(80), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        _reference("comments", "author_id", "people", "RESTRICT"),
        _reference("comments", "thread_id", "threads"),
        _reference("comments", "topic_id", "topics"),
        sa.PrimaryKeyConstraint("id", name="pk_comments"),
        sa.UniqueConstraint("topic_id", "global_id", name="uq_comments_topic_id_global_id"),
    )
    op.create_index("ix_comments_thread_id", "comments", ["thread_id", "position"])


def _create_patch_set_commits() -> None:
    op.create_table(
        "patch_set_commits",
        sa.Column("patch_set_id", _SEQUENCE, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("commit_id", sa.String(64), nullable=False),
        sa.Column("patch_id", sa.String(64), nullable=False),
        _reference("patch_set_commits", "patch_set_id", "patch_sets"),
        sa.PrimaryKeyConstraint("patch_set_id", "position", name="pk_patch_set_commits"),
    )
    op.create_index("ix_patch_set_commits_patch_id", "patch_set_commits", ["patch_id"])


def _create_patch_set_facts() -> None:
    op.create_table(
        "patch_set_facts",
        sa.Column("patch_set_id", _SEQUENCE, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("patch_id", sa.String(64), nullable=False),
        sa.Column("change_key", sa.String(100), nullable=False),
        sa.Column("is_rebase", sa.Boolean(), nullable=False),
        sa.Column("commits_count", sa.Integer(), nullable=False),
        sa.Column("files_count", sa.Integer(), nullable=False),
        sa.Column("added_lines", sa.Integer(), nullable=False),
        sa.Column("removed_lines", sa.Integer(), nullable=False),
        _reference("patch_set_facts", "patch_set_id", "patch_sets"),
        sa.PrimaryKeyConstraint("patch_set_id", name="pk_patch_set_facts"),
    )
    op.create_index("ix_patch_set_facts_change_key", "patch_set_facts", ["change_key"])
    op.create_index("ix_patch_set_facts_patch_id", "patch_set_facts", ["patch_id"])


def _create_comment_edits() -> None:
    op.create_table(
        "comment_edits",
        sa.Column("comment_id", _SEQUENCE, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.String(64), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("text", sa.Text()),
        _reference("comment_edits", "comment_id", "comments"),
        sa.PrimaryKeyConstraint("comment_id", "position", name="pk_comment_edits"),
    )
