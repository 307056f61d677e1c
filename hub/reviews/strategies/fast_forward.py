"""The branch moves to the change's own commits, which keep their ids and signatures."""

from pathlib import Path
from typing import ClassVar

from hub.errors import Text, text
from hub.repos.git.merge_records import Merge, Prepared, Stopped
from hub.repos.git.merging import find_fast_forward


class FastForward:
    """Takes the commits as they are; only for a change that stands on the newest commit of the branch."""

    name: ClassVar[str] = "fast-forward"
    label: ClassVar[Text] = text("Fast-forward")
    explanation: ClassVar[Text] = text("The commits as they are, where the branch has nothing newer.")
    makes_commit: ClassVar[bool] = False
    joins_authors: ClassVar[bool] = False
    commands: ClassVar[tuple[str, ...]] = ("git merge --ff-only FETCH_HEAD",)

    def prepare(self, directory: Path, merge: Merge) -> Prepared | Stopped:
        """The newest commit of the change."""
        return find_fast_forward(directory, merge)
