"""What is asked of a history by `tests.bench.truth`: random commits and paths, and stock git."""

import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# Pairs of what was asked and whether both said the same.
Answers = Iterator[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Spot:
    """A commit and the path of one of its files."""

    commit_id: str
    path: bytes

    @property
    def folder(self) -> bytes:
        """The folder of the file, empty for the root."""
        return self.path.rpartition(b"/")[0]


@dataclass(slots=True)
class Questions:
    """A repository and where in it to look."""

    directory: Path
    tip: str
    spots: list[Spot] = field(default_factory=list)

    def git(self, *arguments: str | bytes, stdin: bytes = b"") -> bytes:
        """What git says, with no settings but its own."""
        command = ["git", "-C", str(self.directory), *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout

    @property
    def commits(self) -> list[str]:
        """The commits of the spots."""
        return [one.commit_id for one in self.spots]


def ask(directory: Path, tip: str, count: int) -> Questions:
    """So many spots, the same in every run over the same history."""
    questions, source = Questions(directory, tip), random.Random(7)
    known = questions.git("rev-list", tip).decode().split()
    for commit_id in source.sample(known, min(count, len(known))):
        paths = questions.git("ls-tree", "-r", "-z", "--name-only", commit_id).split(b"\0")[:-1]
        if paths:
            questions.spots.append(Spot(commit_id, source.choice(paths)))
    return questions
