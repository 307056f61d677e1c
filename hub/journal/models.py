"""The rows of the journal: people as all hubs name them, topics, entries, receipts, hubs and keys."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import SEQUENCE, Base, text_enum

_OF_REPOSITORY = text("type = 'repo'")
_WAITING = text("receipt_id IS NULL")
_UNWRITTEN = text("commit_id = ''")
_TO_REWRITE = text("needs_rewriting")


class Person(Base):
    """Somebody who acts in a journal, with or without an account here; the hub itself has no handle.

    `name` is the name shown, None once it is forgotten or where none is known. `account_id` is who somebody
    of another hub is here, as an administrator said (`linking`), `account_name` what that account is called.
    """

    __tablename__ = "people"
    __table_args__ = (UniqueConstraint("handle", "hub"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    handle: Mapped[str] = mapped_column(String(16))
    hub: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), unique=True)
    name: Mapped[str | None] = mapped_column(Text)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    account_name: Mapped[str | None] = mapped_column(String(40))

    @property
    def global_id(self) -> str:
        """`by@hub`, as entries name the person."""
        return f"{self.handle}@{self.hub}"


class JournalTopic(Base):
    """What entries are about: a change, an issue, or the repository itself (`repo`).

    `topic_id` is the id of its opening entry. `ref` is where it was exported to, `tip` the commit there, both
    empty before; `needs_rewriting` says that a text in commits that stand was withheld since.
    """

    __tablename__ = "journal_topics"
    __table_args__ = (
        Index("ix_journal_topics_repository_id", "repository_id"),
        Index(
            "ix_journal_topics_to_rewrite",
            "repository_id",
            sqlite_where=_TO_REWRITE,
            postgresql_where=_TO_REWRITE,
        ),
        Index(
            "uq_journal_topics_of_repository",
            "repository_id",
            unique=True,
            sqlite_where=_OF_REPOSITORY,
            postgresql_where=_OF_REPOSITORY,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(String(20))
    topic_id: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    ref: Mapped[str] = mapped_column(String(200), server_default="")
    tip: Mapped[str] = mapped_column(String(64), server_default="")
    needs_rewriting: Mapped[bool] = mapped_column(server_default=false())


class JournalEntry(Base):
    """One entry, in the order of arrival. `data` are its canonical bytes, of which `entry_id` is the SHA-256.

    `why` says why it does not count, None where it counts; `signature` is the author's own, where they made
    one. `receipt_id` is the receipt that lists it, at `position`, None until it is exported; `origin_id` the
    receipt of the hub that it came from, None for one of the hub whose journal this is.
    """

    __tablename__ = "journal_entries"
    __table_args__ = (
        Index("ix_journal_entries_topic_id_t", "topic_id", "t", "entry_id"),
        Index("ix_journal_entries_receipt_id", "receipt_id", "position"),
        Index("ix_journal_entries_waiting", "topic_id", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )

    id: Mapped[int] = mapped_column(SEQUENCE, primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("journal_topics.id", ondelete="CASCADE"))
    entry_id: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    t: Mapped[int]
    at: Mapped[int] = mapped_column(BigInteger)
    by: Mapped[str] = mapped_column(String(16))
    hub: Mapped[str] = mapped_column(String(64))
    data: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes | None] = mapped_column(LargeBinary)
    why: Mapped[str | None] = mapped_column(Text)
    receipt_id: Mapped[int | None] = mapped_column(ForeignKey("journal_receipts.id", ondelete="CASCADE"))
    position: Mapped[int | None]
    origin_id: Mapped[int | None] = mapped_column(ForeignKey("journal_origins.id", ondelete="CASCADE"))


class JournalReceipt(Base):
    """What a hub took in, as number `seq` of the repository: `data` are its canonical bytes, `digest` their
    SHA-256.

    `commit_id` is the commit that holds it, empty until it is written.
    """

    __tablename__ = "journal_receipts"
    __table_args__ = (
        UniqueConstraint("repository_id", "seq"),
        Index("ix_journal_receipts_topic_id", "topic_id", "seq"),
        Index(
            "ix_journal_receipts_unwritten",
            "repository_id",
            sqlite_where=_UNWRITTEN,
            postgresql_where=_UNWRITTEN,
        ),
    )

    id: Mapped[int] = mapped_column(SEQUENCE, primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"))
    topic_id: Mapped[int] = mapped_column(ForeignKey("journal_topics.id", ondelete="CASCADE"))
    seq: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    data: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    commit_id: Mapped[str] = mapped_column(String(64), server_default="")


class JournalOrigin(Base):
    """The receipt of another hub, by which entries came from there; passed on with them."""

    __tablename__ = "journal_origins"
    __table_args__ = (UniqueConstraint("repository_id", "digest"),)

    id: Mapped[int] = mapped_column(SEQUENCE, primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(String(64))
    data: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)


class DamageKind(StrEnum):
    """How refs and rows of a journal disagreed."""

    REFS_BEHIND = "refs_behind"
    REFS_AHEAD = "refs_ahead"
    FOREIGN = "foreign"


class JournalDamage(Base):
    """What was found wrong with the refs of a journal, and mended.

    `ref` is where, `kept_as` the ref under which a foreign commit was put aside, empty for none, and
    `acknowledged_at` when an administrator said that they have seen it.
    """

    __tablename__ = "journal_damage"
    __table_args__ = (Index("ix_journal_damage_repository_id", "repository_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"))
    kind: Mapped[DamageKind] = mapped_column(text_enum(DamageKind))
    ref: Mapped[str] = mapped_column(String(200))
    kept_as: Mapped[str] = mapped_column(String(250))
    found_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]


class JournalHead(Base):
    """An entry of a topic that no other follows yet."""

    __tablename__ = "journal_heads"

    topic_id: Mapped[int] = mapped_column(
        ForeignKey("journal_topics.id", ondelete="CASCADE"), primary_key=True
    )
    entry_id: Mapped[str] = mapped_column(String(64), primary_key=True)


class JournalBody(Base):
    """One text of an entry with its salt; `content` is None once it is withheld."""

    __tablename__ = "journal_bodies"

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("journal_entries.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), index=True)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)


class JournalLeftover(Base):
    """A text that was taken away and may still lie somewhere on the disk, until the purge removed it.

    `blob_id` is the object of git's that held it; `rendered` are the SHA-256 of what pages may have kept of
    it as HTML.
    """

    __tablename__ = "journal_leftovers"
    __table_args__ = (Index("ix_journal_leftovers_repository_id", "repository_id"),)

    id: Mapped[int] = mapped_column(SEQUENCE, primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"))
    blob_id: Mapped[str] = mapped_column(String(64))
    # Any: JSON, a list of digests.
    rendered: Mapped[list[Any]] = mapped_column(JSON)
    since: Mapped[datetime]


class JournalHub(Base):
    """A hub that the journal of a repository knows; its `role` is a member of `ring.HubRole`.

    `is_self_appointed`: it made itself a home, and no home named it.
    """

    __tablename__ = "journal_hubs"

    repository_id: Mapped[int] = mapped_column(
        ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True
    )
    hub: Mapped[str] = mapped_column(String(64), primary_key=True)
    role: Mapped[str] = mapped_column(String(10))
    is_self_appointed: Mapped[bool] = mapped_column(server_default=false())


class JournalKey(Base):
    """A public key that the journal of a repository knows, of a hub or of a person (`holder`).

    `withdrawn_in` is the entry that withdrew it, None while it is good.
    """

    __tablename__ = "journal_keys"

    repository_id: Mapped[int] = mapped_column(
        ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True
    )
    holder: Mapped[str] = mapped_column(String(81), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(60), primary_key=True)
    public_key: Mapped[str] = mapped_column(Text)
    withdrawn_in: Mapped[str | None] = mapped_column(String(64))


class KnownPerson(Base):
    """A person whom a repository's journal introduced; `digest` names the body with their newest name."""

    __tablename__ = "known_people"

    repository_id: Mapped[int] = mapped_column(
        ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    digest: Mapped[str] = mapped_column(String(64))


# What entries do not say: how they were exported, and what was mended.
LOCAL_TABLES: Final = (JournalReceipt, JournalOrigin, JournalDamage, JournalLeftover)
