"""The history of one file or folder: the commits that touched it, and what a file was called in each.

A file is followed over renames, exactly as `git log --follow` does; a folder has what `git log -- folder`
lists. git looks at one commit after the other: what takes too long is cut, and the answer says so. A
commit-graph with changed paths makes folders 10 times faster; to follow a file to its beginning takes git 2 s
in its own history of 82,000 commits, the first page of a file that is often changed 0.1 s.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from hub.repos.git.commits import CommitRow, read_commits
from hub.repos.git.history import PAGE_COMMITS
from hub.repos.git.process import GitTooSlow, git, lines

_SECONDS: Final = 8.0
# Each page costs git the walk over all before it.
MOST_PAGES: Final = 200
# How git says what a commit did to a path; a rename and a copy have two names.
_STATUS: Final = re.compile(rb"\n?([ACDMRTUX])\d{0,3}")
_TWO_NAMES: Final = (b"R", b"C")


@dataclass(frozen=True, slots=True)
class PathCommit:
    """A commit that touched the path, what the path was called in it, and whether it was there then."""

    row: CommitRow
    path: bytes
    is_there: bool = True


@dataclass(frozen=True, slots=True)
class PathHistoryPage:
    """Commits, newest first as git lists them, and whether more follow.

    `is_cut`: time ran out, or the page lies too deep; there may be more than is said.
    """

    commits: list[PathCommit]
    has_more: bool
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class _Touch:
    commit_id: str
    path: bytes
    is_there: bool = True


def list_file_commits(
    directory: Path, tip: str, path: bytes, *, page: int = 1, timeout_seconds: float = _SECONDS
) -> PathHistoryPage:
    """One page of a file's history, followed over renames, counted from 1; `path` is not empty."""
    if not _is_asked(path, page):
        return PathHistoryPage([], has_more=page > MOST_PAGES, is_cut=page > MOST_PAGES)
    with lines(
        directory,
        "log",
        *("--follow", "-z", "--name-status", "--format=%H"),
        operands=(tip,),
        paths=(path,),
        timeout_seconds=timeout_seconds,
        ended_by=b"\0",
    ) as listed:
        return _page(directory, _touches(listed), page)


def list_folder_commits(
    directory: Path, tip: str, path: bytes, *, page: int = 1, timeout_seconds: float = _SECONDS
) -> PathHistoryPage:
    """One page of the history of a folder, or of what is not followed; `path` is not empty."""
    if not _is_asked(path, page):
        return PathHistoryPage([], has_more=page > MOST_PAGES, is_cut=page > MOST_PAGES)
    with lines(
        directory, "rev-list", operands=(tip,), paths=(path,), timeout_seconds=timeout_seconds
    ) as listed:
        return _page(directory, (_Touch(one.decode(), path) for one in listed), page)


def find_last_commit_id(directory: Path, tip: str, path: bytes, *, timeout_seconds: float) -> str | None:
    """The newest commit that touched the path; None where none did, or where finding it takes too long."""
    if not _is_asked(path, 1):
        return None
    try:
        found = git(
            directory,
            "rev-list",
            "--max-count=1",
            operands=(tip,),
            paths=(path,),
            timeout_seconds=timeout_seconds,
        )
    except GitTooSlow:
        return None
    return found.decode().strip() or None


def _is_asked(path: bytes, page: int) -> bool:
    """Whether git is to be asked: no tree has such names, and git takes some for files outside of it."""
    return page <= MOST_PAGES and b"\0" not in path and not {b"", b".", b".."} & set(path.split(b"/"))


def _touches(listed: Iterator[bytes]) -> Iterator[_Touch]:
    """What `git log -z --name-status --format=%H` lists: an id, then one or more statuses and names."""
    commit_id = b""
    for word in listed:
        found = _STATUS.fullmatch(word)
        if found is None:
            commit_id = word.strip()
            continue
        names = [next(listed, b"") for _ in range(2 if found[1] in _TWO_NAMES else 1)]
        if commit_id:
            yield _Touch(commit_id.decode(), names[-1], found[1] != b"D")
        commit_id = b""  # where a file became a folder, further names follow


def _page(directory: Path, touches: Iterator[_Touch], page: int) -> PathHistoryPage:
    wanted: list[_Touch] = []
    first = (page - 1) * PAGE_COMMITS
    is_cut = False
    try:
        for touch in islice(touches, first, first + PAGE_COMMITS + 1):
            wanted.append(touch)
    except GitTooSlow:
        is_cut = True
    shown = wanted[:PAGE_COMMITS]
    rows = {one.commit_id: one for one in read_commits(directory, [one.commit_id for one in shown])}
    commits = [
        PathCommit(rows[one.commit_id], one.path, one.is_there) for one in shown if one.commit_id in rows
    ]
    return PathHistoryPage(commits, has_more=len(wanted) > PAGE_COMMITS or is_cut, is_cut=is_cut)
