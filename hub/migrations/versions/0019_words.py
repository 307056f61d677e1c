"""Search of words: which files each change touches."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the table; the worker fills it."""
    op.create_table(
        "changed_paths",
        sa.Column("topic_id", _SEQUENCE, nullable=False, autoincrement=False),
        sa.Column("commit_id", sa.String(64), nullable=False),
        sa.Column("paths", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["topic_id"], ["topics.id"], name="fk_changed_paths_topic_id_topics", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("topic_id", name="pk_changed_paths"),
    )
