"""One commit instead of many, for changes whose steps are of no interest later."""

from pathlib import Path
from typing import ClassVar

from hub.errors import Text, text
from hub.repos.git.merge_records import Merge, Prepared, Stopped
from hub.repos.git.merging import make_squash


class Squash:
    """Puts all that the change does on top of the branch as one commit by the change's author."""

    name: ClassVar[str] = "squash"
    label: ClassVar[Text] = text("Squash")
    explanation: ClassVar[Text] = text("All of the change as one commit on top of the branch.")
    makes_commit: ClassVar[bool] = True
    joins_authors: ClassVar[bool] = True
    commands: ClassVar[tuple[str, ...]] = ("git merge --squash FETCH_HEAD", "git commit")

    def prepare(self, directory: Path, merge: Merge) -> Prepared | Stopped:
        """The one commit; nothing to merge where it would change nothing."""
        return make_squash(directory, merge)
