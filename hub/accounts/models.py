"""The rows about people and their credentials."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.access import Scope, Viewer
from hub.db import Base, text_enum


class PrincipalKind(StrEnum):
    """What an owner of repositories is."""

    PERSON = "person"
    ORGANISATION = "organisation"


class Principal(Base):
    """Whoever can own repositories; names are unique among all of them."""

    __tablename__ = "principals"
    __mapper_args__ = {"polymorphic_on": "kind"}

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[PrincipalKind] = mapped_column(text_enum(PrincipalKind))
    name: Mapped[str] = mapped_column(String(40))
    name_key: Mapped[str] = mapped_column(String(120), unique=True)
    display_name: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]


class User(Principal):
    """A person with an account."""

    __tablename__ = "users"
    __mapper_args__ = {"polymorphic_identity": PrincipalKind.PERSON}

    id: Mapped[int] = mapped_column(ForeignKey("principals.id", ondelete="CASCADE"), primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    is_admin: Mapped[bool] = mapped_column(default=False)
    is_suspended: Mapped[bool] = mapped_column(default=False)
    is_demo: Mapped[bool] = mapped_column(default=False)

    # What Flask-Login asks of a user; this module knows no Flask.
    @property
    def is_authenticated(self) -> bool:
        """True: a row is a known person."""
        return True

    @property
    def is_active(self) -> bool:
        """Whether the person may sign in."""
        return not self.is_suspended

    @property
    def is_anonymous(self) -> bool:
        """False: a row is a known person."""
        return False

    def get_id(self) -> str:
        """The id as Flask-Login keeps it."""
        return str(self.id)

    def viewer(self, scopes: frozenset[Scope] | None = None) -> Viewer:
        """The person as whoever asks, with the scopes of the credentials used."""
        return Viewer(user_id=self.id, name=self.name, is_admin=self.is_admin, scopes=scopes)


class SignIn(Base):
    """One browser in which a person is signed in. The cookie holds a secret, the row only its SHA-256."""

    __tablename__ = "sign_ins"

    id: Mapped[int] = mapped_column(primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(64))
    browser: Mapped[str] = mapped_column(String(300))


class AccessToken(Base):
    """A secret for git and scripts: shown once, kept as its SHA-256."""

    __tablename__ = "access_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    label: Mapped[str] = mapped_column(String(100))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    scopes: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]

    @property
    def scope_set(self) -> frozenset[Scope]:
        """The scopes, which the column keeps separated by spaces."""
        return frozenset(Scope(one) for one in self.scopes.split())


class SshKey(Base):
    """A public key with which a person signs in over SSH; one key belongs to one person."""

    __tablename__ = "ssh_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(60))
    fingerprint: Mapped[str] = mapped_column(String(60), unique=True)
    public_key: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


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
