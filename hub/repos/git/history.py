"""The commits that a tip reaches, in the order of `git log`, a page at a time."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import pygit2
from pygit2.enums import RepositoryOpenFlag, SortMode

from hub.repos.git.commits import CommitRow, read_commits
from hub.repos.git.process import GitTooSlow, git

PAGE_COMMITS: Final = 50
_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Commits, newest first as git lists them, and whether more follow.

    `is_cut`: the page was not reached in the time there is; it is empty, and there may be more.
    """

    commits: list[CommitRow]
    has_more: bool
    is_cut: bool = False


def list_commits(directory: Path, tip: str, *, page: int = 1) -> HistoryPage:
    """One page of the history of a commit, counted from 1.

    The first takes 3 ms. libgit2's own order, by the dates of the commits as they are met, is that of
    `git log`: the same for all 82,000 commits of git's own repository. What it sorts itself, by time or
    topology, costs a walk over everything.
    """
    wanted = PAGE_COMMITS + 1
    try:
        ids = _first_ids(directory, tip, wanted) if page == 1 else None
        if ids is None:
            skipped = (page - 1) * PAGE_COMMITS
            options = (f"--max-count={wanted}", f"--skip={skipped}")
            printed = git(directory, "rev-list", *options, operands=(tip,), timeout_seconds=_SECONDS)
            ids = printed.decode().split()
    except GitTooSlow:
        return HistoryPage([], has_more=True, is_cut=True)
    return HistoryPage(read_commits(directory, ids[:PAGE_COMMITS]), has_more=len(ids) == wanted)


def _first_ids(directory: Path, tip: str, count: int) -> list[str] | None:
    """The first ids of the history; None where libgit2 cannot read a commit that git can."""
    git_repo = pygit2.Repository(str(directory), RepositoryOpenFlag.NO_SEARCH | RepositoryOpenFlag.BARE)
    try:
        walker = git_repo.walk(pygit2.Oid(hex=tip), SortMode.NONE)
        return [str(one.id) for one in islice(walker, count)]
    except (pygit2.GitError, KeyError, ValueError):
        return None
