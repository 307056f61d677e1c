"""Search of code: which documents the index holds, and which of them each branch shows."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables; the worker fills them."""
    op.create_table(
        "code_documents",
        sa.Column("number", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("key", sa.LargeBinary(16), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_code_documents"),
        sa.UniqueConstraint("key", name="uq_code_documents_key"),
    )
    op.create_table(
        "code_views",
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(500), nullable=False),
        sa.Column("commit_id", sa.String(64), nullable=False),
        sa.Column("tree_id", sa.String(64), nullable=False),
        sa.Column("documents", sa.LargeBinary(), nullable=False),
        sa.Column("indexed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name="fk_code_views_repository_id_repositories",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repository_id", "ref", name="pk_code_views"),
    )
    op.create_index("ix_code_views_tree_id", "code_views", ["tree_id"])
