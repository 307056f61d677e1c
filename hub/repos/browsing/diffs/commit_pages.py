"""What the page of a commit shows: who made it, what it says, what names it, and what it is compared with."""

import os
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from hub.db import config_of
from hub.errors import NotFound, text
from hub.repos.browsing.spots import Spot, SpotKind
from hub.repos.git.commits import CommitRow, read_commits
from hub.repos.git.diffs import TreePair
from hub.repos.git.ref_targets import names_of
from hub.repos.git.refs import take_snapshot
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.repos.names import BRANCHES, TAGS, printable

# Of the names that lead to one commit, and of its parents, no more are shown.
_MOST_NAMES: Final = 20
_MOST_PARENTS: Final = 20
_TAB_WIDTH: Final = 8


@dataclass(frozen=True, slots=True)
class PersonAt:
    """Who did something, and when."""

    name_text: str
    email_text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CommitPage:
    """A commit for people. `refs` are spots of the branches and tags whose last commit it is.

    `committer` is None where the author committed it themselves. `pair` is what to compare: with the first
    parent; None where that parent is not in the repository.
    """

    commit_id: str
    subject_text: str
    body_text: str
    author: PersonAt
    committer: PersonAt | None
    committed_at: datetime
    parent_ids: tuple[str, ...]
    refs: tuple[Spot, ...]
    pair: TreePair | None

    @property
    def is_merge(self) -> bool:
        """Whether it joins histories."""
        return len(self.parent_ids) > 1

    @property
    def spot(self) -> Spot:
        """The root of its files."""
        return Spot(SpotKind.COMMIT, self.commit_id, self.commit_id)

    @property
    def parent_spot(self) -> Spot | None:
        """The root of the files of its first parent, None for a first commit."""
        parent = self.parent_ids[0] if self.parent_ids else None
        return None if parent is None else Spot(SpotKind.COMMIT, parent, parent)


def get_commit_page(session: Session, repository: Repository, commit_id: str) -> CommitPage:
    """The page of a commit that the viewer may see (`spots.get_commit_id`); raises NotFound."""
    path = directory(config_of(session), repository)
    found = read_commits(path, (commit_id,))
    if not found:
        raise NotFound(text("There is no commit %(id)s here.", id=commit_id))
    commit = found[0]
    names = names_of(path, take_snapshot(path), commit_id)[:_MOST_NAMES]
    author, committer = _people(commit)
    return CommitPage(
        commit_id=commit_id,
        subject_text=printable(commit.subject),
        body_text=readable(commit.body),
        author=author,
        committer=committer,
        committed_at=commit.committed_at,
        parent_ids=commit.parent_ids[:_MOST_PARENTS],
        refs=tuple(_spot_of(name, commit_id) for name in names),
        pair=pair_of(session, repository, commit),
    )


def pair_of(session: Session, repository: Repository, commit: CommitRow) -> TreePair | None:
    """The trees of a commit's first parent and of itself; None where that parent is missing."""
    path = directory(config_of(session), repository)
    parents = read_commits(path, commit.parent_ids[:1])
    if commit.parent_ids and not parents:
        return None
    return TreePair(path, parents[0].tree_id if parents else None, commit.tree_id)


def readable(message: str) -> str:
    """Text of several lines with everything written out that cannot be seen."""
    return "\n".join(printable(line.expandtabs(_TAB_WIDTH)) for line in message.splitlines())


def _people(commit: CommitRow) -> tuple[PersonAt, PersonAt | None]:
    author = PersonAt(printable(commit.author_name), printable(commit.author_email), commit.authored_at)
    committer = PersonAt(
        printable(commit.committer_name), printable(commit.committer_email), commit.committed_at
    )
    is_same = (author.name_text, author.email_text) == (committer.name_text, committer.email_text)
    return author, None if is_same else committer


def _spot_of(ref: bytes, commit_id: str) -> Spot:
    name = os.fsdecode(ref)
    if name.startswith(BRANCHES):
        return Spot(SpotKind.BRANCH, name.removeprefix(BRANCHES), commit_id)
    return Spot(SpotKind.TAG, name.removeprefix(TAGS), commit_id)
