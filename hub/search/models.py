"""The rows of search: which documents the index holds, and which of them each branch shows."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base


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
