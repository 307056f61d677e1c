"""What reading needs: the log knows where a push begins, and costly requests are counted."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BEGINS_PUSH = sa.text("push_size IS NOT NULL")

# Of the log as it is: copies in forks and what the reconciler found have no intent, and are no pushes.
_FIND_PUSHES = sa.text(
    """
    UPDATE ref_log SET push_size = pushes.size
    FROM (
        SELECT min(id) AS first_id, count(*) AS size FROM ref_log
        WHERE (ref LIKE 'refs/heads/%' OR ref LIKE 'refs/tags/%')
        AND push_id IN (SELECT push_id FROM push_intents)
        GROUP BY push_id
    ) AS pushes
    WHERE ref_log.id = pushes.first_id
    """
)


def upgrade() -> None:
    """Adds to the log what lists of pushes begin with, and makes the table of what strangers spent."""
    _mark_pushes()
    op.create_table(
        "budgets",
        sa.Column("subject", sa.String(80), primary_key=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_budgets"),
    )


def _mark_pushes() -> None:
    op.add_column("ref_log", sa.Column("push_size", sa.Integer()))
    op.execute(_FIND_PUSHES)
    for name, columns in (
        ("ix_ref_log_pushes", ["id"]),
        ("ix_ref_log_pushes_repository_id", ["repository_id", "id"]),
        ("ix_ref_log_pushes_user_id", ["user_id", "id"]),
    ):
        op.create_index(name, "ref_log", columns, sqlite_where=_BEGINS_PUSH, postgresql_where=_BEGINS_PUSH)
