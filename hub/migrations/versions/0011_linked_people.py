"""Accounts of this hub behind people of another one, as administrators say it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Has people say whose account here is theirs, and what it is called."""
    with op.batch_alter_table("people") as people:
        people.add_column(sa.Column("account_id", sa.Integer()))
        people.add_column(sa.Column("account_name", sa.String(40)))
        people.create_foreign_key(
            "fk_people_account_id_users", "users", ["account_id"], ["id"], ondelete="SET NULL"
        )
    op.create_index("ix_people_account_id", "people", ["account_id"])
