"""A commit as one line of a list shows it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.repos.git.commits import CommitRow
from hub.repos.names import printable

_LONGEST: Final = 300
_SHORT: Final = 12


@dataclass(frozen=True, slots=True)
class CommitLine:
    """A commit, its first line and its author for people: bounded, and what cannot be seen written out."""

    commit_id: str
    subject_text: str
    author_text: str
    committed_at: datetime

    @property
    def short_id(self) -> str:
        """Enough of the id for an address in a long list: one in 10^8 of a million objects begins alike."""
        return self.commit_id[:_SHORT]


def line_of(commit: CommitRow) -> CommitLine:
    """The line of that commit."""
    return CommitLine(
        commit.commit_id,
        printable(commit.subject)[:_LONGEST],
        printable(commit.author_name)[:_LONGEST],
        commit.committed_at,
    )
