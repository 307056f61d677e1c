"""The rows of search: documents, what branches show, what people saved and discussed, what operators ask."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import SEQUENCE, Base, text_enum


class CodeDocument(Base):
    """One file of the index, whichever repositories, branches and forks hold it.

    `number` is the index's own and never given again; `key` is made of the path and the content's id.
    """

    __tablename__ = "code_documents"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    key: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)


class CodeView(Base):
    """What a branch or tag showed when it was looked at: `documents` are packed numbers (`views.pack`).

    `commit_id` and `tree_id` say what was looked at.
    """

    __tablename__ = "code_views"

    repository_id: Mapped[int] = mapped_column(
        ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True
    )
    ref: Mapped[str] = mapped_column(String(500), primary_key=True)
    commit_id: Mapped[str] = mapped_column(String(64))
    tree_id: Mapped[str] = mapped_column(String(64), index=True)
    documents: Mapped[bytes] = mapped_column(LargeBinary)
    indexed_at: Mapped[datetime]


class CommitDocument(Base):
    """One commit of the index of commits, whichever repositories hold it.

    `number` is the index's own; `key` is the id, raw.
    """

    __tablename__ = "commit_documents"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    key: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)


class CommitPerson(Base):
    """A name and an address in commits; `key` is made of both."""

    __tablename__ = "commit_people"

    id: Mapped[int] = mapped_column(SEQUENCE, primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    name: Mapped[str] = mapped_column(String(300))
    email: Mapped[str] = mapped_column(String(300))


class CommitView(Base):
    """The commits that led to a branch when it was looked at: `documents` are packed numbers."""

    __tablename__ = "commit_views"

    repository_id: Mapped[int] = mapped_column(
        ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True
    )
    ref: Mapped[str] = mapped_column(String(500), primary_key=True)
    commit_id: Mapped[str] = mapped_column(String(64), index=True)
    documents: Mapped[bytes] = mapped_column(LargeBinary)
    indexed_at: Mapped[datetime]


class SavedSearch(Base):
    """A search that a person gave a name: what was written, among what, and how its results are sorted.

    It is theirs alone. `position` is its place among theirs; `order` is empty for the usual one.
    """

    __tablename__ = "saved_searches"
    __table_args__ = (UniqueConstraint("user_id", "name_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(20))
    query: Mapped[str] = mapped_column(String(2000))
    order: Mapped[str] = mapped_column(String(20))
    position: Mapped[int]
    created_at: Mapped[datetime]


class CodeChoice(Base):
    """Which branches and tags of a repository are searched besides its default branch, as patterns."""

    __tablename__ = "code_choices"

    repository_id: Mapped[int] = mapped_column(
        ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True
    )
    patterns: Mapped[list[str]] = mapped_column(JSON)


class CodeRequest(Base):
    """A branch or tag that somebody wanted to search; it is searched as long as somebody does."""

    __tablename__ = "code_requests"

    repository_id: Mapped[int] = mapped_column(
        ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True
    )
    ref: Mapped[str] = mapped_column(String(500), primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    used_at: Mapped[datetime]


class CodeState(Base):
    """What is known of the index as a whole, in one row.

    `index_id` is that of the index which the rows are about; no document gets a number below `next_number`,
    which is kept for those that are gone. `unused` are packed numbers that nobody was shown lately.
    """

    __tablename__ = "code_state"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    index_id: Mapped[str] = mapped_column(String(32))
    next_number: Mapped[int] = mapped_column(BigInteger)
    unused: Mapped[bytes] = mapped_column(LargeBinary)


class ToldBy(StrEnum):
    """By what lines that were discussed are known again in another text."""

    LINES = "lines"  # what they hold is enough
    NEIGHBOURS = "neighbours"  # they are like many others: the lines around them have to stand there, too
    BLOB = "blob"  # nothing: they are shown where the whole file is the same


class DiscussedLines(Base):
    """The lines that a thread is about, as the worker found them in git, and would find them there again.

    `path_key` is made of the path, which may be longer than an index takes. `blob_id` is empty where no such
    file was to be read. `keys` are those of the lines and of one on either side (`memory.lines`).
    """

    __tablename__ = "discussed_lines"
    __table_args__ = (
        Index("ix_discussed_lines_path", "repository_id", "path_key"),
        Index("ix_discussed_lines_blob", "repository_id", "blob_id"),
    )

    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"))
    path_key: Mapped[bytes] = mapped_column(LargeBinary(16))
    blob_id: Mapped[str] = mapped_column(String(64))
    first_line: Mapped[int]
    last_line: Mapped[int]
    told_by: Mapped[ToldBy] = mapped_column(text_enum(ToldBy))
    keys: Mapped[bytes] = mapped_column(LargeBinary)


class ChangedPaths(Base):
    """The files that the newest patch set of a change touches, as they were looked at in `commit_id`.

    `paths` has each on a line of its own, in small letters, with a line feed before the first.
    """

    __tablename__ = "changed_paths"

    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id", ondelete="CASCADE"), primary_key=True)
    commit_id: Mapped[str] = mapped_column(String(64))
    paths: Mapped[str] = mapped_column(Text)
