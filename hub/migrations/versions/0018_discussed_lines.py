"""What was discussed in changes, so that pages find it again in the lines of files."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLE = "discussed_lines"


def upgrade() -> None:
    """Makes the table; the worker fills it, from the threads that there are."""
    op.create_table(
        _TABLE,
        sa.Column("thread_id", _SEQUENCE, nullable=False),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("path_key", sa.LargeBinary(16), nullable=False),
        sa.Column("blob_id", sa.String(64), nullable=False),
        sa.Column("first_line", sa.Integer(), nullable=False),
        sa.Column("last_line", sa.Integer(), nullable=False),
        sa.Column("told_by", sa.String(32), nullable=False),
        sa.Column("keys", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name="fk_discussed_lines_repository_id_repositories",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["threads.id"], name="fk_discussed_lines_thread_id_threads", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("thread_id", name="pk_discussed_lines"),
    )
    op.create_index("ix_discussed_lines_path", _TABLE, ["repository_id", "path_key"])
    op.create_index("ix_discussed_lines_blob", _TABLE, ["repository_id", "blob_id"])
