"""Repositories with who may do what there, and what happened to their refs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_CLOSED_SET = sa.String(32)
_NOT_DELETED = sa.text("deleted_at IS NULL")
# SQLite numbers rows by itself only in a column that is exactly INTEGER.
_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the tables about repositories."""
    _create_repositories()
    _create_members()
    _create_former_paths()
    _create_rules()
    _create_keys()
    _create_audit_log()
    _create_ref_log()


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
        sa.Column("archived_at", _MOMENT),
        sa.Column("deleted_at", _MOMENT),
        sa.Column("deleted_by_id", sa.Integer()),
        sa.Column("origin_id", sa.Integer()),
        sa.Column("lender_id", sa.Integer()),
        sa.Column("maintained_at", _MOMENT),
        _reference("repositories", "owner_id", "principals", "RESTRICT"),
        _reference("repositories", "deleted_by_id", "users", "SET NULL"),
        _reference("repositories", "origin_id", "repositories", "SET NULL"),
        _reference("repositories", "lender_id", "repositories", "RESTRICT"),
        sa.PrimaryKeyConstraint("id", name="pk_repositories"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_repositories_lender_id", "repositories", ["lender_id"])
    op.create_index("ix_repositories_origin_id", "repositories", ["origin_id"])
    op.create_index(
        "uq_repositories_owner_id_name_key",
        "repositories",
        ["owner_id", "name_key"],
        unique=True,
        sqlite_where=_NOT_DELETED,
        postgresql_where=_NOT_DELETED,
    )


def _create_members() -> None:
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
    op.create_table(
        "invitations",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("role", _CLOSED_SET, nullable=False),
        sa.Column("invited_by_id", sa.Integer()),
        sa.Column("created_at", _MOMENT, nullable=False),
        _reference("invitations", "repository_id", "repositories", "CASCADE"),
        _reference("invitations", "user_id", "users", "CASCADE"),
        _reference("invitations", "invited_by_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.UniqueConstraint("repository_id", "user_id", name="uq_invitations_repository_id_user_id"),
    )
    op.create_index("ix_invitations_user_id", "invitations", ["user_id"])
    op.create_table(
        "stars",
        sa.Column("repository_id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), primary_key=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        _reference("stars", "repository_id", "repositories", "CASCADE"),
        _reference("stars", "user_id", "users", "CASCADE"),
        sa.PrimaryKeyConstraint("repository_id", "user_id", name="pk_stars"),
    )
    op.create_index("ix_stars_user_id", "stars", ["user_id"])


def _create_former_paths() -> None:
    op.create_table(
        "former_paths",
        sa.Column("owner_id", sa.Integer(), primary_key=True),
        sa.Column("name_key", sa.String(300), primary_key=True),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("left_at", _MOMENT, nullable=False),
        _reference("former_paths", "owner_id", "principals", "CASCADE"),
        _reference("former_paths", "repository_id", "repositories", "CASCADE"),
        sa.PrimaryKeyConstraint("owner_id", "name_key", name="pk_former_paths"),
    )
    op.create_index("ix_former_paths_repository_id", "former_paths", ["repository_id"])
    op.create_table(
        "imports",
        sa.Column("repository_id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer()),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("state", _CLOSED_SET, nullable=False),
        sa.Column("progress", sa.String(300), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT),
        sa.Column("ended_at", _MOMENT),
        _reference("imports", "repository_id", "repositories", "CASCADE"),
        _reference("imports", "user_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("repository_id", name="pk_imports"),
    )


def _create_rules() -> None:
    op.create_table(
        "ref_rules",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("kind", _CLOSED_SET, nullable=False),
        sa.Column("pattern", sa.String(500), nullable=False),
        sa.Column("least_role", _CLOSED_SET),
        sa.Column("needs_change", sa.Boolean(), nullable=False),
        sa.Column("may_rewind", sa.Boolean(), nullable=False),
        sa.Column("may_delete", sa.Boolean(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        _reference("ref_rules", "repository_id", "repositories", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_ref_rules"),
        sa.UniqueConstraint(
            "repository_id", "kind", "pattern", name="uq_ref_rules_repository_id_kind_pattern"
        ),
    )
    op.create_table(
        "ref_rule_people",
        sa.Column("rule_id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), primary_key=True),
        _reference("ref_rule_people", "rule_id", "ref_rules", "CASCADE"),
        _reference("ref_rule_people", "user_id", "users", "CASCADE"),
        sa.PrimaryKeyConstraint("rule_id", "user_id", name="pk_ref_rule_people"),
    )
    op.create_index("ix_ref_rule_people_user_id", "ref_rule_people", ["user_id"])


def _create_keys() -> None:
    op.create_table(
        "ssh_keys",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer()),
        sa.Column("repository_id", sa.Integer()),
        sa.Column("role", _CLOSED_SET),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("fingerprint", sa.String(60), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("last_used_at", _MOMENT),
        _reference("ssh_keys", "user_id", "users", "CASCADE"),
        _reference("ssh_keys", "repository_id", "repositories", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_ssh_keys"),
        sa.CheckConstraint(
            "(user_id IS NULL) <> (repository_id IS NULL)", name=op.f("ck_ssh_keys_one_owner")
        ),
        sa.CheckConstraint(
            "(repository_id IS NULL) = (role IS NULL)", name=op.f("ck_ssh_keys_role_of_deploy_key")
        ),
        sa.UniqueConstraint("fingerprint", name="uq_ssh_keys_fingerprint"),
    )
    op.create_index("ix_ssh_keys_repository_id", "ssh_keys", ["repository_id"])
    op.create_index("ix_ssh_keys_user_id", "ssh_keys", ["user_id"])
    op.create_table(
        "token_repositories",
        sa.Column("token_id", sa.Integer(), primary_key=True),
        sa.Column("repository_id", sa.Integer(), primary_key=True),
        _reference("token_repositories", "token_id", "access_tokens", "CASCADE"),
        _reference("token_repositories", "repository_id", "repositories", "CASCADE"),
        sa.PrimaryKeyConstraint("token_id", "repository_id", name="pk_token_repositories"),
    )
    op.create_index("ix_token_repositories_repository_id", "token_repositories", ["repository_id"])


def _create_audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", _SEQUENCE, primary_key=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor_id", sa.Integer()),
        sa.Column("actor_name", sa.String(40), nullable=False),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("user_id", sa.Integer()),
        sa.Column("repository_id", sa.Integer()),
        sa.Column("details", sa.JSON(), nullable=False),
        _reference("audit_log", "actor_id", "users", "SET NULL"),
        _reference("audit_log", "user_id", "users", "SET NULL"),
        _reference("audit_log", "repository_id", "repositories", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_repository_id_id", "audit_log", ["repository_id", "id"])
    op.create_index("ix_audit_log_user_id_id", "audit_log", ["user_id", "id"])


def _create_ref_log() -> None:
    op.create_table(
        "push_intents",
        sa.Column("id", _SEQUENCE, primary_key=True),
        sa.Column("push_id", sa.String(40), nullable=False),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer()),
        sa.Column("key_name", sa.String(120)),
        sa.Column("refs", sa.JSON(), nullable=False),
        sa.Column("packs", sa.JSON(), nullable=False),
        sa.Column("moved", sa.JSON()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("done_at", _MOMENT),
        _reference("push_intents", "repository_id", "repositories", "CASCADE"),
        _reference("push_intents", "user_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_push_intents"),
        sa.UniqueConstraint("push_id", name="uq_push_intents_push_id"),
    )
    op.create_index("ix_push_intents_repository_id_done_at", "push_intents", ["repository_id", "done_at"])
    op.create_table(
        "ref_log",
        sa.Column("id", _SEQUENCE, primary_key=True),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("old_id", sa.String(64), nullable=False),
        sa.Column("new_id", sa.String(64), nullable=False),
        sa.Column("push_id", sa.String(40), nullable=False),
        sa.Column("user_id", sa.Integer()),
        sa.Column("at", _MOMENT, nullable=False),
        _reference("ref_log", "repository_id", "repositories", "CASCADE"),
        _reference("ref_log", "user_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_ref_log"),
    )
    op.create_index("ix_ref_log_repository_id_ref_id", "ref_log", ["repository_id", "ref", "id"])


def _reference(table: str, column: str, target: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=f"fk_{table}_{column}_{target}", ondelete=ondelete
    )
