"""The commits that a tip reaches, in the order of `git log`, a page at a time; how many, and how far apart.

Nothing here takes longer than it says: where time runs out, the answer says so.
"""

from collections import OrderedDict
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

import pygit2
from pygit2.enums import RepositoryOpenFlag, SortMode

from hub.repos.git.commit_order import CommitOrder, drop_order, open_order
from hub.repos.git.commits import CommitRow, read_commits
from hub.repos.git.process import GitTooSlow, git

PAGE_COMMITS: Final = 50
_SECONDS: Final = 5.0
_KEPT_ANSWERS: Final = 10_000

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Commits, newest first as git lists them, and whether more follow.

    `is_cut`: the page was not reached in the time there is; it is empty, and there may be more.
    """

    commits: list[CommitRow]
    has_more: bool
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Distance:
    """How many commits only the one has, and how many only the other."""

    ahead: int
    behind: int


# What ids say never changes: answers by ids, over all repositories.
_counts: OrderedDict[str, int] = OrderedDict()
_distances: OrderedDict[tuple[str, str], Distance] = OrderedDict()


def list_commits(directory: Path, tip: str, *, page: int = 1, folder: Path | None = None) -> HistoryPage:
    """One page of the history of a commit, counted from 1; `folder` is where files of orders are kept.

    With such a file any page is one seek; without one the first takes 3 ms and page 1000 of git's own
    history 60 ms with a commit-graph, 1 s without.
    """
    order = None if folder is None else open_order(folder, tip)
    if order is not None:
        found = _read_page(directory, order, page)
        if found is not None:
            return found
    wanted = PAGE_COMMITS + 1
    ids = _first_ids(directory, tip, wanted) if page == 1 else None
    if ids is None:
        options = (f"--max-count={wanted}", f"--skip={(page - 1) * PAGE_COMMITS}")
        try:
            printed = git(directory, "rev-list", *options, operands=(tip,), timeout_seconds=_SECONDS)
        except GitTooSlow:
            return HistoryPage([], has_more=True, is_cut=True)
        ids = printed.decode().split()
    return HistoryPage(read_commits(directory, ids[:PAGE_COMMITS]), has_more=len(ids) == wanted)


def count_commits(directory: Path, tip: str, *, folder: Path | None = None) -> int | None:
    """How many commits the tip reaches, itself included; None where that takes too long."""
    order = None if folder is None else open_order(folder, tip)
    if order is not None:
        return order.count
    if tip not in _counts:
        try:
            printed = git(directory, "rev-list", "--count", operands=(tip,), timeout_seconds=_SECONDS)
        except GitTooSlow:
            return None
        _keep(_counts, tip, int(printed))
    return _counts[tip]


def measure_distance(
    directory: Path, tip: str, base: str, *, timeout_seconds: float = _SECONDS
) -> Distance | None:
    """How far the tip is ahead of the base, and how far behind; None where that takes too long."""
    known = _distances.get((tip, base))
    if known is None:
        options = ("--count", "--left-right", "--stdin")
        given = f"{tip}...{base}\n".encode()
        try:
            printed = git(directory, "rev-list", *options, stdin=given, timeout_seconds=timeout_seconds)
        except GitTooSlow:
            return None
        ahead, behind = map(int, printed.split())
        known = Distance(ahead, behind)
        _keep(_distances, (tip, base), known)
    return known


def _read_page(directory: Path, order: CommitOrder, page: int) -> HistoryPage | None:
    """The page from the file; None for a file that is damaged, which is removed."""
    ids = order.ids((page - 1) * PAGE_COMMITS, PAGE_COMMITS)
    rows = read_commits(directory, ids)
    if len(rows) < len(ids):
        drop_order(order)
        return None
    return HistoryPage(rows, has_more=page * PAGE_COMMITS < order.count)


def _first_ids(directory: Path, tip: str, count: int) -> list[str] | None:
    """The first ids of the history; None where libgit2 cannot read a commit that git can.

    Its order without sorting, by the dates of the commits as they are met, is that of `git log`: the same for
    all 82,000 commits of git's own repository. Sorting by time or topology costs a walk over everything.
    """
    git_repo = pygit2.Repository(str(directory), RepositoryOpenFlag.NO_SEARCH | RepositoryOpenFlag.BARE)
    try:
        walker = git_repo.walk(pygit2.Oid(hex=tip), SortMode.NONE)
        return [str(one.id) for one in islice(walker, count)]
    except (pygit2.GitError, KeyError, ValueError):
        return None


def _keep(answers: OrderedDict[K, V], key: K, value: V) -> None:
    answers[key] = value
    while len(answers) > _KEPT_ANSWERS:
        answers.popitem(last=False)
