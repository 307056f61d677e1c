"""Rules for branches say what a change needs before it is merged there."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds how many approvals a rule asks for, and whether discussions have to be resolved."""
    op.add_column(
        "ref_rules", sa.Column("approvals_needed", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
    op.add_column(
        "ref_rules",
        sa.Column("needs_resolved_threads", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
