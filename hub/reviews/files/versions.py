"""What a page of files compares: a patch set with its base or with another one, or one of its commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.db import config_of
from hub.errors import NotFound, text
from hub.repos.git.commits import CommitRow, read_commits
from hub.repos.git.diffs import TreePair
from hub.repos.git.objects import Objects
from hub.repos.git.store import directory
from hub.reviews.changes import OpenedChange
from hub.reviews.models import PatchSet, PatchSetCommit, Side
from hub.reviews.shell import ChangeHead, Version


@dataclass(frozen=True, slots=True)
class SideText:
    """A side of a patch set: the text that comments on one side of a diff are about."""

    version: Version
    side: Side

    @property
    def commit_id(self) -> str:
        """The commit in which its files are."""
        return commit_of(self.version, self.side)


@dataclass(frozen=True, slots=True)
class Compared:
    """Both sides of a diff; `pair` is None where an object is missing.

    `single` is one commit of the patch set, where only that is shown.
    `old` and `new` are the texts that comments are about; those of a single commit may be neither, so that
    file by file it has to be seen whether they are. `commits` are those of the patch set, the oldest first.
    """

    versions: tuple[Version, ...]
    shown: Version
    against: Version | None
    single: CommitRow | None
    commits: tuple[CommitRow, ...]
    old: SideText
    new: SideText
    pair: TreePair | None
    directory: Path

    @property
    def is_newest(self) -> bool:
        """Whether there is no later patch set."""
        return self.shown is self.versions[-1]

    @property
    def is_on_another_base(self) -> bool:
        """Whether the two patch sets have different bases, whose differences are then shown as well."""
        return self.against is not None and self.against.base_id != self.shown.base_id

    @property
    def messages(self) -> tuple[CommitRow, ...]:
        """The commits whose messages are read with the files."""
        return self.commits if self.single is None else (self.single,)


def commit_of(version: Version | PatchSet, side: Side) -> str:
    """The commit in which the files of that side of a patch set are."""
    return version.base_id if side is Side.OLD else version.commit_id


def compare(
    session: Session,
    opened: OpenedChange,
    head: ChangeHead,
    *,
    label: str | None,
    against: str | None,
    commit: str | None,
) -> Compared:
    """What the page compares; raises NotFound for patch sets and commits that this change has not."""
    shown = head.newest if label is None else head.version(label)
    other = None if against is None else head.version(against)
    path = directory(config_of(session), opened.repository)
    commits = commits_of(session, path, opened.topic.id, shown.entry_id)
    single = None if commit is None else _find_commit(commits, commit)
    old = SideText(shown, Side.OLD) if other is None else SideText(other, Side.NEW)
    new = SideText(shown, Side.NEW)
    if single is not None:
        pair = _pair(path, single.parent_ids[0] if single.parent_ids else None, single.commit_id)
    else:
        pair = _pair(path, old.commit_id, new.commit_id)
    return Compared(head.versions, shown, other, single, commits, old, new, pair, path)


def commits_of(session: Session, path: Path, topic_id: int, entry_id: str) -> tuple[CommitRow, ...]:
    """The commits of the patch set of that entry, the oldest first."""
    query = (
        select(PatchSetCommit.commit_id)
        .join(PatchSet, PatchSet.id == PatchSetCommit.patch_set_id)
        .where(PatchSet.topic_id == topic_id, PatchSet.entry_id == entry_id)
        .order_by(PatchSetCommit.position)
    )
    return tuple(read_commits(path, session.scalars(query)))


def _find_commit(commits: Sequence[CommitRow], asked: str) -> CommitRow:
    found = [one for one in commits if len(asked) >= 7 and one.commit_id.startswith(asked.lower())]
    if len(found) != 1:
        raise NotFound(
            text("There is no commit %(id)s in this patch set.", id=asked[:64]),
            next_step=text("Choose one of its commits."),
        )
    return found[0]


def _pair(path: Path, old_id: str | None, new_id: str) -> TreePair | None:
    objects = Objects(path)
    old_tree = None if not old_id else objects.tree_of(old_id)
    new_tree = objects.tree_of(new_id)
    if new_tree is None or (old_id and old_tree is None):
        return None
    return TreePair(path, old_tree, new_tree)
