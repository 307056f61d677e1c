"""Whether our diffs of a large history are git's own, for commits taken by chance."""

import random
from collections.abc import Sequence
from pathlib import Path

from hub.repos.git.diff_records import DiffOptions
from tests.odd_repository import git
from tests.printed_diff import is_as_printed

OPTIONS = (DiffOptions(), DiffOptions(ignores_space=True))


def wrong_diffs(directory: Path, *, commits: int = 200, seed: int = 1) -> Sequence[str]:
    """The commits whose diff to their first parent is not, byte for byte, what git prints."""
    rows = git(directory, "rev-list", "--parents", "--branches").decode().splitlines()
    chosen = random.Random(seed).sample(rows, min(commits, len(rows)))
    return [
        row[:40]
        for row in chosen
        if not all(is_as_printed(directory, row.split(" "), one) for one in OPTIONS)
    ]
