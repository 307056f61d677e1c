"""Search of code keeps up: which branches are searched as well, and what is known of the index."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables; no repository has anything searched but its default branch until somebody says so."""
    op.create_table(
        "code_choices",
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("patterns", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name="fk_code_choices_repository_id_repositories",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repository_id", name="pk_code_choices"),
    )
    op.create_table(
        "code_requests",
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(500), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name="fk_code_requests_repository_id_repositories",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_code_requests_user_id_users", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("repository_id", "ref", name="pk_code_requests"),
    )
    op.create_table(
        "code_state",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("index_id", sa.String(32), nullable=False),
        sa.Column("next_number", sa.BigInteger(), nullable=False),
        sa.Column("unused", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_code_state"),
    )
