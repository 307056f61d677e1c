"""The journal: people as all hubs name them, topics, entries with their bodies, hubs and keys."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ID = sa.String(64)
_OF_REPOSITORY = sa.text("type = 'repo'")


def upgrade() -> None:
    """Makes the tables of the journal; the repositories' own topics are opened by the hub itself."""
    _create_people()
    _create_topics()
    _create_entries()
    _create_bodies()
    _create_hubs_and_keys()
    _create_known_people()


def _reference(table: str, column: str, other: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{other}"
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=ondelete)


def _create_people() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("handle", sa.String(16), nullable=False),
        sa.Column("hub", _ID, nullable=False),
        sa.Column("user_id", sa.Integer()),
        sa.Column("name", sa.Text()),
        _reference("people", "user_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("handle", "hub", name="uq_people_handle_hub"),
        sa.UniqueConstraint("user_id", name="uq_people_user_id"),
    )


def _create_topics() -> None:
    op.create_table(
        "journal_topics",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(20), nullable=False),
        sa.Column("topic_id", _ID, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        _reference("journal_topics", "repository_id", "repositories"),
        sa.PrimaryKeyConstraint("id", name="pk_journal_topics"),
        sa.UniqueConstraint("topic_id", name="uq_journal_topics_topic_id"),
    )
    op.create_index("ix_journal_topics_repository_id", "journal_topics", ["repository_id"])
    op.create_index(
        "uq_journal_topics_of_repository",
        "journal_topics",
        ["repository_id"],
        unique=True,
        sqlite_where=_OF_REPOSITORY,
        postgresql_where=_OF_REPOSITORY,
    )


def _create_entries() -> None:
    op.create_table(
        "journal_entries",
        sa.Column("id", _SEQUENCE, primary_key=True),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", _ID, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("t", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(16), nullable=False),
        sa.Column("hub", _ID, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary()),
        sa.Column("why", sa.Text()),
        _reference("journal_entries", "topic_id", "journal_topics"),
        sa.PrimaryKeyConstraint("id", name="pk_journal_entries"),
        sa.UniqueConstraint("entry_id", name="uq_journal_entries_entry_id"),
    )
    op.create_index("ix_journal_entries_topic_id_t", "journal_entries", ["topic_id", "t", "entry_id"])
    op.create_table(
        "journal_heads",
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", _ID, nullable=False),
        _reference("journal_heads", "topic_id", "journal_topics"),
        sa.PrimaryKeyConstraint("topic_id", "entry_id", name="pk_journal_heads"),
    )


def _create_bodies() -> None:
    op.create_table(
        "journal_bodies",
        sa.Column("entry_id", _SEQUENCE, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("digest", _ID, nullable=False),
        sa.Column("content", sa.LargeBinary()),
        _reference("journal_bodies", "entry_id", "journal_entries"),
        sa.PrimaryKeyConstraint("entry_id", "position", name="pk_journal_bodies"),
    )
    op.create_index("ix_journal_bodies_digest", "journal_bodies", ["digest"])


def _create_hubs_and_keys() -> None:
    op.create_table(
        "journal_hubs",
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("hub", _ID, nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        _reference("journal_hubs", "repository_id", "repositories"),
        sa.PrimaryKeyConstraint("repository_id", "hub", name="pk_journal_hubs"),
    )
    op.create_table(
        "journal_keys",
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(81), nullable=False),
        sa.Column("fingerprint", sa.String(60), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("withdrawn_in", _ID),
        _reference("journal_keys", "repository_id", "repositories"),
        sa.PrimaryKeyConstraint("repository_id", "holder", "fingerprint", name="pk_journal_keys"),
    )


def _create_known_people() -> None:
    op.create_table(
        "known_people",
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("digest", _ID, nullable=False),
        _reference("known_people", "repository_id", "repositories"),
        _reference("known_people", "person_id", "people"),
        sa.PrimaryKeyConstraint("repository_id", "person_id", name="pk_known_people"),
    )
    op.create_index("ix_known_people_person_id", "known_people", ["person_id"])
