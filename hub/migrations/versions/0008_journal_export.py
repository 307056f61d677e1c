"""Receipts: what a journal wrote to refs, where entries of other hubs came from, and what was mended."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ID = sa.String(64)
_WAITING = sa.text("receipt_id IS NULL")
_UNWRITTEN = sa.text("commit_id = ''")
_TO_REWRITE = sa.text("needs_rewriting")


def upgrade() -> None:
    """Makes the tables; every entry that stands waits for its first receipt."""
    _create_receipts()
    _create_origins()
    _create_damage()
    _extend_topics()
    _extend_entries()
    with op.batch_alter_table("journal_hubs") as hubs:
        hubs.add_column(_flag("is_self_appointed"))


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def _reference(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{other}"
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="CASCADE")


def _create_receipts() -> None:
    op.create_table(
        "journal_receipts",
        sa.Column("id", _SEQUENCE, primary_key=True),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("digest", _ID, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("commit_id", _ID, nullable=False, server_default=""),
        _reference("journal_receipts", "repository_id", "repositories"),
        _reference("journal_receipts", "topic_id", "journal_topics"),
        sa.PrimaryKeyConstraint("id", name="pk_journal_receipts"),
        sa.UniqueConstraint("repository_id", "seq", name="uq_journal_receipts_repository_id_seq"),
    )
    op.create_index("ix_journal_receipts_topic_id", "journal_receipts", ["topic_id", "seq"])
    op.create_index(
        "ix_journal_receipts_unwritten",
        "journal_receipts",
        ["repository_id"],
        sqlite_where=_UNWRITTEN,
        postgresql_where=_UNWRITTEN,
    )


def _create_origins() -> None:
    op.create_table(
        "journal_origins",
        sa.Column("id", _SEQUENCE, primary_key=True),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("digest", _ID, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        _reference("journal_origins", "repository_id", "repositories"),
        sa.PrimaryKeyConstraint("id", name="pk_journal_origins"),
        sa.UniqueConstraint("repository_id", "digest", name="uq_journal_origins_repository_id_digest"),
    )


def _create_damage() -> None:
    op.create_table(
        "journal_damage",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("ref", sa.String(200), nullable=False),
        sa.Column("kept_as", sa.String(250), nullable=False),
        sa.Column("found_at", _MOMENT, nullable=False),
        sa.Column("acknowledged_at", _MOMENT),
        _reference("journal_damage", "repository_id", "repositories"),
        sa.PrimaryKeyConstraint("id", name="pk_journal_damage"),
    )
    op.create_index("ix_journal_damage_repository_id", "journal_damage", ["repository_id"])


def _extend_topics() -> None:
    with op.batch_alter_table("journal_topics") as topics:
        topics.add_column(sa.Column("ref", sa.String(200), nullable=False, server_default=""))
        topics.add_column(sa.Column("tip", _ID, nullable=False, server_default=""))
        topics.add_column(_flag("needs_rewriting"))
    op.create_index(
        "ix_journal_topics_to_rewrite",
        "journal_topics",
        ["repository_id"],
        sqlite_where=_TO_REWRITE,
        postgresql_where=_TO_REWRITE,
    )


def _extend_entries() -> None:
    with op.batch_alter_table("journal_entries") as entries:
        entries.add_column(sa.Column("receipt_id", _SEQUENCE))
        entries.add_column(sa.Column("position", sa.Integer()))
        entries.add_column(sa.Column("origin_id", _SEQUENCE))
        entries.create_foreign_key(
            "fk_journal_entries_receipt_id_journal_receipts",
            "journal_receipts",
            ["receipt_id"],
            ["id"],
            ondelete="CASCADE",
        )
        entries.create_foreign_key(
            "fk_journal_entries_origin_id_journal_origins",
            "journal_origins",
            ["origin_id"],
            ["id"],
            ondelete="CASCADE",
        )
    op.create_index("ix_journal_entries_receipt_id", "journal_entries", ["receipt_id", "position"])
    op.create_index(
        "ix_journal_entries_waiting",
        "journal_entries",
        ["topic_id"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
