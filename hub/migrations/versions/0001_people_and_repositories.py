"""People with their credentials, repositories with what happened to their refs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_SHA256 = sa.LargeBinary(32)
_CLOSED_SET = sa.String(32)
# SQLite numbers rows by itself only in a column that is exactly INTEGER.
_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes every table of the first version."""
    _create_people()
    _create_ways_in()
    _create_attempts()
    _create_repositories()
    _create_ref_log()


def _create_people() -> None:
    op.create_table(
        "principals",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("kind", _CLOSED_SET, nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("name_key", sa.String(120), nullable=False),
        sa.Column("display_name", sa.String(200), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_principals"),
        sa.UniqueConstraint("name_key", name="uq_principals_name_key"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_key", sa.String(254), nullable=False),
        sa.Column("password_hash", sa.String(200)),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("is_suspended", sa.Boolean(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        _reference("users", "id", "principals", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email_key", name="uq_users_email_key"),
    )


def _create_ways_in() -> None:
    op.create_table(
        "sign_ins",
        *_of_a_user("sign_ins"),
        sa.Column("secret_hash", _SHA256, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("browser", sa.String(300), nullable=False),
        sa.UniqueConstraint("secret_hash", name="uq_sign_ins_secret_hash"),
    )
    op.create_table(
        "access_tokens",
        *_of_a_user("access_tokens"),
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column("secret_hash", _SHA256, nullable=False),
        sa.Column("scopes", sa.String(300), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT),
        sa.Column("last_used_at", _MOMENT),
        sa.UniqueConstraint("secret_hash", name="uq_access_tokens_secret_hash"),
    )
    op.create_table(
        "ssh_keys",
        *_of_a_user("ssh_keys"),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("fingerprint", sa.String(60), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("last_used_at", _MOMENT),
        sa.UniqueConstraint("fingerprint", name="uq_ssh_keys_fingerprint"),
    )
    for table in ("sign_ins", "access_tokens", "ssh_keys"):
        op.create_index(f"ix_{table}_user_id", table, ["user_id"])


def _create_attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
    )
    op.create_index("ix_attempts_subject_at", "attempts", ["subject", "at"])
    op.create_table(
        "setup_codes",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("secret_hash", _SHA256, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_setup_codes_only_one")),
        sa.PrimaryKeyConstraint("id", name="pk_setup_codes"),
    )


def _create_repositories() -> None:
    op.create_table(
        "repositories",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("name_key", sa.String(300), nullable=False),
        sa.Column("description", sa.String(500), nullable=False),
        sa.Column("visibility", _CLOSED_SET, nullable=False),
        sa.Column("default_branch", sa.String(500), nullable=False),
        sa.Column("storage", sa.String(40), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("refs_count", sa.Integer(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("pushed_at", _MOMENT),
        _reference("repositories", "owner_id", "principals", "RESTRICT"),
        sa.PrimaryKeyConstraint("id", name="pk_repositories"),
        sa.UniqueConstraint("owner_id", "name_key", name="uq_repositories_owner_id_name_key"),
    )
    op.create_table(
        "collaborators",
        sa.Column("repository_id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), primary_key=True),
        sa.Column("role", _CLOSED_SET, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        _reference("collaborators", "repository_id", "repositories", "CASCADE"),
        _reference("collaborators", "user_id", "users", "CASCADE"),
        sa.PrimaryKeyConstraint("repository_id", "user_id", name="pk_collaborators"),
    )
    op.create_index("ix_collaborators_user_id", "collaborators", ["user_id"])


def _create_ref_log() -> None:
    op.create_table(
        "push_intents",
        *_of_a_push("push_intents"),
        sa.Column("refs", sa.JSON(), nullable=False),
        sa.Column("packs", sa.JSON(), nullable=False),
        sa.Column("moved", sa.JSON()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("done_at", _MOMENT),
        sa.UniqueConstraint("push_id", name="uq_push_intents_push_id"),
    )
    op.create_index("ix_push_intents_repository_id_done_at", "push_intents", ["repository_id", "done_at"])
    op.create_table(
        "ref_log",
        *_of_a_push("ref_log"),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("old_id", sa.String(64), nullable=False),
        sa.Column("new_id", sa.String(64), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
    )
    op.create_index("ix_ref_log_repository_id_ref_id", "ref_log", ["repository_id", "ref", "id"])


def _reference(table: str, column: str, target: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=f"fk_{table}_{column}_{target}", ondelete=ondelete
    )


def _of_a_user(table: str) -> tuple[SchemaItem, ...]:
    return (
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        _reference(table, "user_id", "users", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )


def _of_a_push(table: str) -> tuple[SchemaItem, ...]:
    return (
        sa.Column("id", _SEQUENCE, primary_key=True),
        sa.Column("push_id", sa.String(40), nullable=False),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer()),
        _reference(table, "repository_id", "repositories", "CASCADE"),
        _reference(table, "user_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
