"""Search of commits: which of them the index holds, who made them, and which of them each branch shows."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables; the worker fills them."""
    op.create_table(
        "commit_documents",
        sa.Column("number", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_commit_documents"),
        sa.UniqueConstraint("key", name="uq_commit_documents_key"),
    )
    op.create_table(
        "commit_people",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.LargeBinary(16), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("email", sa.String(300), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_commit_people"),
        sa.UniqueConstraint("key", name="uq_commit_people_key"),
    )
    op.create_table(
        "commit_views",
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(500), nullable=False),
        sa.Column("commit_id", sa.String(64), nullable=False),
        sa.Column("documents", sa.LargeBinary(), nullable=False),
        sa.Column("indexed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name="fk_commit_views_repository_id_repositories",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repository_id", "ref", name="pk_commit_views"),
    )
    op.create_index("ix_commit_views_commit_id", "commit_views", ["commit_id"])
