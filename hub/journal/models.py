"""The rows of the journal: people as all hubs name them, topics, entries with their bodies, hubs and keys."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import SEQUENCE, Base

_OF_REPOSITORY = text("type = 'repo'")


class Person(Base):
    """Somebody who acts in a journal, with or without an account here; the hub itself has no handle.

    `name` is the name shown, None once it is forgotten or where none is known.
    """

    __tablename__ = "people"
    __table_args__ = (UniqueConstraint("handle", "hub"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    handle: Mapped[str] = mapped_column(String(16))
    hub: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), unique=True)
    name: Mapped[str | None] = mapped_column(Text)

    @property
    def global_id(self) -> str:
        """`by@hub`, as entries name the person."""
        return f"{self.handle}@{self.hub}"


class JournalTopic(Base):
    """What entries are about: a change, an issue, or the repository itself (`repo`).

    `topic_id` is the id of its opening entry.
    """

    __tablename__ = "journal_topics"
    __table_args__ = (
        Index("ix_journal_topics_repository_id", "repository_id"),
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


class JournalEntry(Base):
    """One entry, in the order of arrival. `data` are its canonical bytes, of which `entry_id` is the SHA-256.

    `why` says why it does not count, None where it counts.
    """

    __tablename__ = "journal_entries"
    __table_args__ = (Index("ix_journal_entries_topic_id_t", "topic_id", "t", "entry_id"),)

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


class JournalHub(Base):
    """A hub that the journal of a repository knows; its `role` is a member of `ring.HubRole`."""

    __tablename__ = "journal_hubs"

    repository_id: Mapped[int] = mapped_column(
        ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True
    )
    hub: Mapped[str] = mapped_column(String(64), primary_key=True)
    role: Mapped[str] = mapped_column(String(10))


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
