"""The commits of the change one after the other on top of the branch: a straight history."""

from pathlib import Path
from typing import ClassVar

from hub.errors import Text, text
from hub.repos.git.merge_records import Merge, Prepared, Stopped
from hub.repos.git.rebasing import make_rebase


class Rebase:
    """Rewrites each commit on top of the branch, with its author and message; merges among them go."""

    name: ClassVar[str] = "rebase"
    label: ClassVar[Text] = text("Rebase")
    explanation: ClassVar[Text] = text("Each commit of the change anew on top of the branch.")
    makes_commit: ClassVar[bool] = False
    joins_authors: ClassVar[bool] = False
    commands: ClassVar[tuple[str, ...]] = (
        "git rebase {target} FETCH_HEAD",
        "git switch {target}",
        "git merge --ff-only @{{-1}}",
    )

    def prepare(self, directory: Path, merge: Merge) -> Prepared | Stopped:
        """The last of the new commits, committed by whoever merges."""
        return make_rebase(directory, merge)
