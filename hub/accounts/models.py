"""The rows about people and their credentials."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from hub.access import Role, Scope, Viewer
from hub.db import SEQUENCE, Base, text_enum


class PrincipalKind(StrEnum):
    """What an owner of repositories is."""

    PERSON = "person"
    ORGANISATION = "organisation"


class Principal(Base):
    """Whoever can own repositories; names are unique among all of them.

    `look_key` is equal for names that look alike; ids are never given twice.
    """

    __tablename__ = "principals"
    __table_args__ = ({"sqlite_autoincrement": True},)
    __mapper_args__ = {"polymorphic_on": "kind"}

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[PrincipalKind] = mapped_column(text_enum(PrincipalKind))
    name: Mapped[str] = mapped_column(String(40))
    name_key: Mapped[str] = mapped_column(String(120), unique=True)
    look_key: Mapped[str] = mapped_column(String(120), index=True)
    display_name: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]


class FormerName(Base):
    """A name that a principal had before: it leads to them, and nobody else takes it for 90 days."""

    __tablename__ = "former_names"

    name_key: Mapped[str] = mapped_column(String(120), primary_key=True)
    principal_id: Mapped[int] = mapped_column(ForeignKey("principals.id", ondelete="CASCADE"), index=True)
    left_at: Mapped[datetime]


class User(Principal):
    """A person with an account; one that was deleted keeps its row, without anything personal."""

    __tablename__ = "users"
    __mapper_args__ = {"polymorphic_identity": PrincipalKind.PERSON}

    id: Mapped[int] = mapped_column(ForeignKey("principals.id", ondelete="CASCADE"), primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    is_admin: Mapped[bool] = mapped_column(default=False)
    is_suspended: Mapped[bool] = mapped_column(default=False)
    is_demo: Mapped[bool] = mapped_column(default=False)
    is_pending: Mapped[bool] = mapped_column(default=False)
    deleted_at: Mapped[datetime | None]
    about: Mapped[str] = mapped_column(String(500), default="")
    website: Mapped[str] = mapped_column(String(300), default="")

    # What Flask-Login asks of a user; this module knows no Flask.
    @property
    def is_authenticated(self) -> bool:
        """True: a row is a known person."""
        return True

    @property
    def is_active(self) -> bool:
        """Whether the person may sign in."""
        return not self.is_suspended and not self.is_pending and self.deleted_at is None

    @property
    def is_anonymous(self) -> bool:
        """False: a row is a known person."""
        return False

    def get_id(self) -> str:
        """The id as Flask-Login keeps it."""
        return str(self.id)

    def viewer(self, scopes: frozenset[Scope] | None = None, only: frozenset[int] | None = None) -> Viewer:
        """The person as whoever asks, with the scopes and the repositories of the credentials used."""
        return Viewer(user_id=self.id, name=self.name, is_admin=self.is_admin, scopes=scopes, only=only)


class SignIn(Base):
    """One browser in which a person is signed in. The cookie holds a secret, the row only its SHA-256.

    `proved_at` is when the person last proved there who they are, with their password or a passkey.
    """

    __tablename__ = "sign_ins"

    id: Mapped[int] = mapped_column(primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    proved_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(64))
    browser: Mapped[str] = mapped_column(String(300))


class AccessToken(Base):
    """A secret for git and scripts: shown once, kept as its SHA-256.

    One that `is_limited` reaches the repositories of its TokenRepository rows and nothing else.
    """

    __tablename__ = "access_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    label: Mapped[str] = mapped_column(String(100))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    scopes: Mapped[str] = mapped_column(String(300))
    is_limited: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]

    @property
    def scope_set(self) -> frozenset[Scope]:
        """The scopes, which the column keeps separated by spaces."""
        return frozenset(Scope(one) for one in self.scopes.split())


class TokenRepository(Base):
    """One repository that a limited access token reaches."""

    __tablename__ = "token_repositories"

    token_id: Mapped[int] = mapped_column(
        ForeignKey("access_tokens.id", ondelete="CASCADE"), primary_key=True
    )
    repository_id: Mapped[int] = mapped_column(
        ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class SshKey(Base):
    """A public key for SSH. It stands for one person, or (a deploy key) for one repository with a role."""

    __tablename__ = "ssh_keys"
    __table_args__ = (
        CheckConstraint("(user_id IS NULL) <> (repository_id IS NULL)", name="one_owner"),
        CheckConstraint("(repository_id IS NULL) = (role IS NULL)", name="role_of_deploy_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    repository_id: Mapped[int | None] = mapped_column(
        ForeignKey("repositories.id", ondelete="CASCADE"), index=True
    )
    role: Mapped[Role | None] = mapped_column(text_enum(Role))
    title: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(60))
    fingerprint: Mapped[str] = mapped_column(String(60), unique=True)
    public_key: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class Totp(Base):
    """A person's authenticator app. `sealed_secret` can be read with the hub's key only.

    It counts from `confirmed_at` on; `last_step` is the 30-second step whose code was used last.
    """

    __tablename__ = "totp"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int | None] = mapped_column(BigInteger)


class Passkey(Base):
    """A key pair in a person's device, with which they sign in without a password."""

    __tablename__ = "passkeys"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(100))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    transports: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """One of the codes that stand in for a lost authenticator app or passkey; each works once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    used_at: Mapped[datetime | None]


class ChallengePurpose(StrEnum):
    """What somebody is in the middle of."""

    SECOND_STEP = "second_step"
    PASSKEY_SIGN_IN = "passkey_sign_in"
    PASSKEY_ADD = "passkey_add"
    PROVE = "prove"


class Challenge(Base):
    """A question put to a browser, to be answered once and soon; its cookie holds the secret."""

    __tablename__ = "challenges"

    id: Mapped[int] = mapped_column(primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    purpose: Mapped[ChallengePurpose] = mapped_column(text_enum(ChallengePurpose))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    challenge: Mapped[bytes | None] = mapped_column(LargeBinary(64))
    created_at: Mapped[datetime] = mapped_column(index=True)


class Attempt(Base):
    """One failed sign-in, kept as long as it counts against the account or the network it came from."""

    __tablename__ = "attempts"
    __table_args__ = (Index("ix_attempts_subject_at", "subject", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]


class SetupCode(Base):
    """The one-time link that makes the first administrator."""

    __tablename__ = "setup_codes"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime]


class AuditEntry(Base):
    """Who changed what about people, credentials, roles and rules. Only ever added to.

    `action` is a member of `hub.accounts.audit.Action`; `details` are the values of its sentence.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_user_id_id", "user_id", "id"),
        Index("ix_audit_log_repository_id_id", "repository_id", "id"),
    )

    id: Mapped[int] = mapped_column(SEQUENCE, primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    actor_name: Mapped[str] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(60))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    repository_id: Mapped[int | None] = mapped_column(ForeignKey("repositories.id", ondelete="SET NULL"))
    details: Mapped[dict[str, str]] = mapped_column(JSON)
