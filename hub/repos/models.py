"""The rows about repositories, their members and what happened to their refs."""

from datetime import datetime
from typing import Final

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.access import Role, Visibility
from hub.accounts.models import Principal
from hub.db import Base, text_enum

ZERO_ID: Final = "0" * 40

# SQLite numbers rows by itself only in a column that is exactly INTEGER.
_SEQUENCE: Final = BigInteger().with_variant(Integer, "sqlite")


class Repository(Base):
    """A hosted repository. Its objects lie in a directory named by its id, never by its name.

    `refs_count` is the number of branches, tags and notes, as the ref log knows them.
    """

    __tablename__ = "repositories"
    __table_args__ = (UniqueConstraint("owner_id", "name_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("principals.id", ondelete="RESTRICT"))
    name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = mapped_column(String(300))
    description: Mapped[str] = mapped_column(String(500), default="")
    visibility: Mapped[Visibility] = mapped_column(text_enum(Visibility))
    default_branch: Mapped[str] = mapped_column(String(500))
    storage: Mapped[str] = mapped_column(String(40), default="main")
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    refs_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    pushed_at: Mapped[datetime | None]

    owner: Mapped[Principal] = relationship(lazy="joined", innerjoin=True)

    @property
    def path(self) -> str:
        """`owner/name`, as in addresses."""
        return f"{self.owner.name}/{self.name}"


class Collaborator(Base):
    """A person's role in a repository that is not theirs."""

    __tablename__ = "collaborators"

    repository_id: Mapped[int] = mapped_column(
        ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[Role] = mapped_column(text_enum(Role))
    created_at: Mapped[datetime]


class PushIntent(Base):
    """What a push is about to move, committed before git moves it; closed by the record."""

    __tablename__ = "push_intents"
    __table_args__ = (Index("ix_push_intents_repository_id_done_at", "repository_id", "done_at"),)

    id: Mapped[int] = mapped_column(_SEQUENCE, primary_key=True)
    push_id: Mapped[str] = mapped_column(String(40), unique=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    refs: Mapped[list[list[str]]] = mapped_column(JSON)
    packs: Mapped[list[str]] = mapped_column(JSON)
    moved: Mapped[list[str] | None] = mapped_column(JSON)
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class RefLogEntry(Base):
    """One ref that moved, in the order in which it happened; an id of zeros means "none"."""

    __tablename__ = "ref_log"
    __table_args__ = (Index("ix_ref_log_repository_id_ref_id", "repository_id", "ref", "id"),)

    id: Mapped[int] = mapped_column(_SEQUENCE, primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"))
    ref: Mapped[str] = mapped_column(Text)
    old_id: Mapped[str] = mapped_column(String(64))
    new_id: Mapped[str] = mapped_column(String(64))
    push_id: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    at: Mapped[datetime]
