"""A clone that somebody has, wherever it lies: its directory, its refs, the history of its branches.

It may hold anything, be bare or not, and have left out what it was told to.
"""

import os
import re
from collections.abc import Collection, Iterable
from functools import cached_property
from pathlib import Path
from typing import Final

import pygit2

from hub.repos.git.process import git, lines

_ID: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# Nobody waits for a page.
_TIMEOUT_SECONDS: Final = 600.0


class NoClone(Exception):
    """There is no repository of git's."""


def find_clone(directory: Path) -> Path:
    """The directory of the repository in which `directory` lies, as git finds it; raises NoClone."""
    found = pygit2.discover_repository(os.fspath(directory)) if directory.exists() else None
    if found is None:
        raise NoClone(str(directory))
    # A further work tree keeps next to nothing of its own (gitrepository-layout(5)).
    common = Path(found, "commondir")
    return (Path(found) / common.read_text().strip()).resolve() if common.is_file() else Path(found)


class Clone:
    """One clone, as it is now."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @cached_property
    def refs(self) -> dict[str, str]:
        """The id at which each ref points, by its full name; raises GitFailed."""
        out = git(self.directory, "for-each-ref", "--format=%(objectname) %(refname)")
        pairs = (line.partition(" ") for line in os.fsdecode(out).split("\n") if line)
        return {name: object_id for object_id, _, name in pairs}

    @cached_property
    def is_filtered(self) -> bool:
        """Whether objects were left out on purpose, as `--filter=blob:none` does."""
        return any((self.directory / "objects" / "pack").glob("*.promisor"))

    @cached_property
    def is_shallow(self) -> bool:
        """Whether the history was cut off, as `--depth` does."""
        return (self.directory / "shallow").is_file()

    def branch_tips(self, branch: str) -> list[str]:
        """Where the branch is, and where it was at each remote when that was last asked."""
        names = [f"refs/heads/{branch}"]
        names += [f"refs/remotes/{remote}/{branch}" for remote in self._remotes]
        return [self.refs[name] for name in names if name in self.refs]

    @cached_property
    def _remotes(self) -> list[str]:
        begin = "refs/remotes/"
        return sorted({name[len(begin) :].partition("/")[0] for name in self.refs if name.startswith(begin)})

    def find_outside(self, commit_ids: Collection[str], tips: Iterable[str]) -> set[str]:
        """Those of the commits that no history of these tips has; raises GitFailed."""
        database = pygit2.Odb(str(self.directory / "objects"))
        here = {one for one in commit_ids if _ID.fullmatch(one) and pygit2.Oid(hex=one) in database}
        outside = set(commit_ids) - here
        given = "".join([*(f"{one}\n" for one in sorted(here)), *(f"^{one}\n" for one in tips)])
        if not here:
            return outside
        with lines(
            self.directory, "rev-list", "--stdin", stdin=given.encode(), timeout_seconds=_TIMEOUT_SECONDS
        ) as found:
            return outside | {one for line in found if (one := line.decode()) in here}
