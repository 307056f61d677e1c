"""The commits that lead to a spot, a page at a time, by the days on which they were made."""

from dataclasses import dataclass
from datetime import UTC, date
from itertools import groupby

from sqlalchemy.orm import Session

from hub.db import config_of
from hub.repos.browsing.commit_lines import CommitLine, line_of
from hub.repos.browsing.spots import Spot, as_text
from hub.repos.git.commit_order import known_count
from hub.repos.git.commits import CommitRow
from hub.repos.git.history import PAGE_COMMITS, list_commits
from hub.repos.git.path_history import list_file_commits, list_folder_commits
from hub.repos.git.store import directory, reading_folder
from hub.repos.models import Repository


@dataclass(frozen=True, slots=True)
class HistoryLine(CommitLine):
    """A commit of a history; `path` is where the file lay then, None of everything and where it was gone."""

    path: bytes | None

    @property
    def path_text(self) -> str:
        """The path for people."""
        return as_text(self.path or b"")


@dataclass(frozen=True, slots=True)
class Day:
    """The commits of one day, as they follow each other in the history."""

    date: date
    commits: list[HistoryLine]


@dataclass(frozen=True, slots=True)
class History:
    """One page; `total` is None where nobody has counted, `is_cut` says that time ran out."""

    days: list[Day]
    number: int
    has_more: bool
    is_cut: bool
    total: int | None

    @property
    def page_count(self) -> int | None:
        """How many pages there are, where that is known."""
        return None if self.total is None else -(-self.total // PAGE_COMMITS)


def read_history(
    session: Session, repository: Repository, spot: Spot, *, is_followed: bool, page: int
) -> History:
    """One page of the commits that lead to the spot, counted from 1; of a path, those that touched it.

    With `is_followed` a file is followed through renames.
    """
    config = config_of(session)
    path = directory(config, repository)
    if not spot.path:
        prepared = reading_folder(config, repository.id)
        found = list_commits(path, spot.commit_id, page=page, folder=prepared)
        lines = [_line(one, None) for one in found.commits]
        total = known_count(prepared, spot.commit_id)
        return History(_by_days(lines), page, found.has_more, found.is_cut, total)
    list_touching = list_file_commits if is_followed else list_folder_commits
    touching = list_touching(path, spot.commit_id, spot.path, page=page)
    lines = [_line(one.row, one.path if one.is_there else None) for one in touching.commits]
    return History(_by_days(lines), page, touching.has_more, touching.is_cut, None)


def _line(commit: CommitRow, path: bytes | None) -> HistoryLine:
    line = line_of(commit)
    return HistoryLine(line.commit_id, line.subject_text, line.author_text, line.committed_at, path)


def _by_days(lines: list[HistoryLine]) -> list[Day]:
    return [Day(day, list(commits)) for day, commits in groupby(lines, key=_day_of)]


def _day_of(line: HistoryLine) -> date:
    return line.committed_at.astimezone(UTC).date()
