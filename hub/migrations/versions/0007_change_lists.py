"""Indexes that find and sort the changes of a list, so that no page grows with their number."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_LISTED = ("repository_id", "type", "state")


def upgrade() -> None:
    """Has an index for each order of a list, for what somebody reviewed, and for commits in changes."""
    op.drop_index("ix_topics_listed", "topics")
    op.create_index("ix_topics_listed", "topics", [*_LISTED, "number", "is_draft"])
    op.create_index("ix_topics_updated", "topics", [*_LISTED, "updated_at", "number", "is_draft"])
    op.create_index("ix_topics_commented", "topics", [*_LISTED, "comments_count", "number", "is_draft"])
    op.create_index("ix_reviews_author_id", "reviews", ["author_id", "topic_id"])
    op.create_index("ix_patch_set_commits_commit_id", "patch_set_commits", ["commit_id"])
