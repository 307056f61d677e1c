"""What every way of merging a change can do."""

from pathlib import Path
from typing import ClassVar, Protocol

from hub.errors import Text
from hub.repos.git.merge_records import Merge, Prepared, Stopped


class Strategy(Protocol):
    """One way to bring a change into its branch.

    `name` is what is stored and what forms send, `label` and `explanation` are what people read;
    `makes_commit` says whether a message can be written for it, `joins_authors` whether what several people
    wrote becomes one commit. `commands` are what somebody types who merges by hand on the newest target,
    after fetching the change: names in braces are filled in where they are shown.
    """

    name: ClassVar[str]
    label: ClassVar[Text]
    explanation: ClassVar[Text]
    makes_commit: ClassVar[bool]
    joins_authors: ClassVar[bool]
    commands: ClassVar[tuple[str, ...]]

    def prepare(self, directory: Path, merge: Merge) -> Prepared | Stopped:
        """The commit to move the branch to; makes objects and moves nothing. Raises GitFailed."""
