"""People with their credentials."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_SHA256 = sa.LargeBinary(32)
_CLOSED_SET = sa.String(32)


def upgrade() -> None:
    """Makes the tables about people."""
    _create_people()
    _create_sign_ins()
    _create_second_steps()
    _create_codes_and_challenges()
    _create_attempts()


def _create_people() -> None:
    op.create_table(
        "principals",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("kind", _CLOSED_SET, nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("name_key", sa.String(120), nullable=False),
        sa.Column("look_key", sa.String(120), nullable=False),
        sa.Column("display_name", sa.String(200), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_principals"),
        sa.UniqueConstraint("name_key", name="uq_principals_name_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_principals_look_key", "principals", ["look_key"])
    op.create_table(
        "former_names",
        sa.Column("name_key", sa.String(120), primary_key=True),
        sa.Column("principal_id", sa.Integer(), nullable=False),
        sa.Column("left_at", _MOMENT, nullable=False),
        _reference("former_names", "principal_id", "principals", "CASCADE"),
        sa.PrimaryKeyConstraint("name_key", name="pk_former_names"),
    )
    op.create_index("ix_former_names_principal_id", "former_names", ["principal_id"])
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_key", sa.String(254), nullable=False),
        sa.Column("password_hash", sa.String(200)),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("is_suspended", sa.Boolean(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("is_pending", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", _MOMENT),
        sa.Column("about", sa.String(500), nullable=False),
        sa.Column("website", sa.String(300), nullable=False),
        _reference("users", "id", "principals", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email_key", name="uq_users_email_key"),
    )


def _create_sign_ins() -> None:
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("secret_hash", _SHA256, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.Column("proved_at", _MOMENT, nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("browser", sa.String(300), nullable=False),
        _reference("sign_ins", "user_id", "users", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_sign_ins"),
        sa.UniqueConstraint("secret_hash", name="uq_sign_ins_secret_hash"),
    )
    op.create_index("ix_sign_ins_user_id", "sign_ins", ["user_id"])
    op.create_table(
        "access_tokens",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column("secret_hash", _SHA256, nullable=False),
        sa.Column("scopes", sa.String(300), nullable=False),
        sa.Column("is_limited", sa.Boolean(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT),
        sa.Column("last_used_at", _MOMENT),
        _reference("access_tokens", "user_id", "users", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_access_tokens"),
        sa.UniqueConstraint("secret_hash", name="uq_access_tokens_secret_hash"),
    )
    op.create_index("ix_access_tokens_user_id", "access_tokens", ["user_id"])


def _create_second_steps() -> None:
    op.create_table(
        "totp",
        sa.Column("user_id", sa.Integer(), primary_key=True),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("confirmed_at", _MOMENT),
        sa.Column("last_step", sa.BigInteger()),
        _reference("totp", "user_id", "users", "CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name="pk_totp"),
    )
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(1023), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.String(100), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("last_used_at", _MOMENT),
        _reference("passkeys", "user_id", "users", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
        sa.UniqueConstraint("credential_id", name="uq_passkeys_credential_id"),
    )
    op.create_index("ix_passkeys_user_id", "passkeys", ["user_id"])


def _create_codes_and_challenges() -> None:
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", _SHA256, nullable=False),
        sa.Column("used_at", _MOMENT),
        _reference("recovery_codes", "user_id", "users", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_codes"),
        sa.UniqueConstraint("user_id", "code_hash", name="uq_recovery_codes_user_id_code_hash"),
    )
    op.create_table(
        "challenges",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("secret_hash", _SHA256, nullable=False),
        sa.Column("purpose", _CLOSED_SET, nullable=False),
        sa.Column("user_id", sa.Integer()),
        sa.Column("challenge", sa.LargeBinary(64)),
        sa.Column("created_at", _MOMENT, nullable=False),
        _reference("challenges", "user_id", "users", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_challenges"),
        sa.UniqueConstraint("secret_hash", name="uq_challenges_secret_hash"),
    )
    op.create_index("ix_challenges_created_at", "challenges", ["created_at"])
    op.create_index("ix_challenges_user_id", "challenges", ["user_id"])


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
        sa.PrimaryKeyConstraint("id", name="pk_setup_codes"),
        sa.CheckConstraint("id = 1", name=op.f("ck_setup_codes_only_one")),
    )


def _reference(table: str, column: str, target: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=f"fk_{table}_{column}_{target}", ondelete=ondelete
    )
