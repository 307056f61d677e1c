"""A merge commit: the history of the change stays as it was written."""

from pathlib import Path
from typing import ClassVar

from hub.errors import Text, text
from hub.repos.git.merge_records import Merge, Prepared, Stopped
from hub.repos.git.merging import make_merge


class MergeCommit:
    """Joins branch and change by a commit with both as parents, also where a fast-forward could be had."""

    name: ClassVar[str] = "merge"
    label: ClassVar[Text] = text("Merge commit")
    explanation: ClassVar[Text] = text("All commits of the change, joined to the branch by one more.")
    makes_commit: ClassVar[bool] = True
    joins_authors: ClassVar[bool] = False
    commands: ClassVar[tuple[str, ...]] = ("git merge --no-ff FETCH_HEAD",)

    def prepare(self, directory: Path, merge: Merge) -> Prepared | Stopped:
        """The merge commit, by whoever merges."""
        return make_merge(directory, merge)
