"""The rows about repositories, their members and what happened to their refs."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.access import Role, Visibility
from hub.accounts.models import Principal
from hub.db import SEQUENCE, Base, text_enum

ZERO_ID: Final = "0" * 40

_NOT_DELETED: Final = text("deleted_at IS NULL")
_BEGINS_PUSH: Final = text("push_size IS NOT NULL")


def _index_of_pushes(name: str, *columns: str) -> Index:
    return Index(name, *columns, sqlite_where=_BEGINS_PUSH, postgresql_where=_BEGINS_PUSH)


class Repository(Base):
    """A hosted repository. Its objects lie in a directory named by its id, never by its name.

    `refs_count` is the number of branches, tags and notes, as the ref log knows them. A fork's `origin_id`
    says what it was forked from; `lender_id` whose objects its own directory borrows at this moment.
    One with `deleted_at` is seen by nobody but administrators; its name is free again, its id never.
    """

    __tablename__ = "repositories"
    __table_args__ = (
        Index(
            "uq_repositories_owner_id_name_key",
            "owner_id",
            "name_key",
            unique=True,
            sqlite_where=_NOT_DELETED,
            postgresql_where=_NOT_DELETED,
        ),
        {"sqlite_autoincrement": True},
    )

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
    archived_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    deleted_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    origin_id: Mapped[int | None] = mapped_column(
        ForeignKey("repositories.id", ondelete="SET NULL"), index=True
    )
    lender_id: Mapped[int | None] = mapped_column(
        ForeignKey("repositories.id", ondelete="RESTRICT"), index=True
    )
    maintained_at: Mapped[datetime | None]

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


class Invitation(Base):
    """A role that somebody is offered in a repository, until they take it or decline."""

    __tablename__ = "invitations"
    __table_args__ = (UniqueConstraint("repository_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(text_enum(Role))
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]


class FormerPath(Base):
    """A name that a repository had under some owner: it leads there until that owner gives it to another."""

    __tablename__ = "former_paths"

    owner_id: Mapped[int] = mapped_column(ForeignKey("principals.id", ondelete="CASCADE"), primary_key=True)
    name_key: Mapped[str] = mapped_column(String(300), primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"), index=True)
    left_at: Mapped[datetime]


class Star(Base):
    """A repository that somebody wants to find again."""

    __tablename__ = "stars"

    repository_id: Mapped[int] = mapped_column(
        ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    created_at: Mapped[datetime]


class RefKind(StrEnum):
    """What a rule is about."""

    BRANCH = "branch"
    TAG = "tag"


class RefRule(Base):
    """Who may push to the branches or tags that match a pattern, and what may happen to them.

    `least_role` is the role from which on people may push, None for nobody but the people listed;
    `needs_change` has commits arrive by merging a change only. A change that is merged there needs so many
    approvals, and with `needs_resolved_threads` no discussion that is left open.
    """

    __tablename__ = "ref_rules"
    __table_args__ = (UniqueConstraint("repository_id", "kind", "pattern"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"))
    kind: Mapped[RefKind] = mapped_column(text_enum(RefKind))
    pattern: Mapped[str] = mapped_column(String(500))
    least_role: Mapped[Role | None] = mapped_column(text_enum(Role))
    needs_change: Mapped[bool] = mapped_column(default=False)
    may_rewind: Mapped[bool] = mapped_column(default=False)
    may_delete: Mapped[bool] = mapped_column(default=False)
    approvals_needed: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    needs_resolved_threads: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime]


class RefRulePerson(Base):
    """Somebody who may push where a rule matches, whatever the rule's least role."""

    __tablename__ = "ref_rule_people"

    rule_id: Mapped[int] = mapped_column(ForeignKey("ref_rules.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class ImportState(StrEnum):
    """How far an import is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Import(Base):
    """Where a repository's first content came from, and how far that is.

    `source` is an address without credentials, or the name of an uploaded bundle; `error` is in words.
    """

    __tablename__ = "imports"

    repository_id: Mapped[int] = mapped_column(
        ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    source: Mapped[str] = mapped_column(Text)
    state: Mapped[ImportState] = mapped_column(text_enum(ImportState))
    progress: Mapped[str] = mapped_column(String(300), default="")
    percent: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class PushIntent(Base):
    """What a push is about to move, committed before git moves it; closed by the record.

    `key_name` is the deploy key that pushed, which is no person.
    """

    __tablename__ = "push_intents"
    __table_args__ = (Index("ix_push_intents_repository_id_done_at", "repository_id", "done_at"),)

    id: Mapped[int] = mapped_column(SEQUENCE, primary_key=True)
    push_id: Mapped[str] = mapped_column(String(40), unique=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    key_name: Mapped[str | None] = mapped_column(String(120))
    refs: Mapped[list[list[str]]] = mapped_column(JSON)
    packs: Mapped[list[str]] = mapped_column(JSON)
    moved: Mapped[list[str] | None] = mapped_column(JSON)
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class RefLogEntry(Base):
    """One ref that moved, in the order in which it happened; an id of zeros means "none".

    `push_size` stands on the first row of a push: how many branches and tags it moved. It is None on its
    other rows, and on those that no push made.
    """

    __tablename__ = "ref_log"
    __table_args__ = (
        Index("ix_ref_log_repository_id_ref_id", "repository_id", "ref", "id"),
        _index_of_pushes("ix_ref_log_pushes", "id"),
        _index_of_pushes("ix_ref_log_pushes_repository_id", "repository_id", "id"),
        _index_of_pushes("ix_ref_log_pushes_user_id", "user_id", "id"),
    )

    id: Mapped[int] = mapped_column(SEQUENCE, primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"))
    ref: Mapped[str] = mapped_column(Text)
    old_id: Mapped[str] = mapped_column(String(64))
    new_id: Mapped[str] = mapped_column(String(64))
    push_id: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    at: Mapped[datetime]
    push_size: Mapped[int | None]
