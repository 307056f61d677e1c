"""The commit that last touched a path, found once for each commit it is looked at from."""

from typing import Final

from hub.config import Config
from hub.kept import kept_in
from hub.repos.browsing.commit_lines import CommitLine, line_of
from hub.repos.browsing.spots import Spot
from hub.repos.git.commits import read_commits
from hub.repos.git.last_commits import LastCommits
from hub.repos.git.path_history import find_last_commit_id
from hub.repos.git.store import directory, reading_folder
from hub.repos.models import Repository

_KIND: Final = "touching"
# A page is no worse without it.
_SECONDS: Final = 1.0


def find_touching_id(
    config: Config, repository: Repository, spot: Spot, *, timeout_seconds: float = _SECONDS
) -> str | None:
    """The id of the commit that last touched the spot's path; None where finding it takes too long."""
    kept = kept_in(config)
    known = kept.get(_KIND, spot.commit_id, spot.path)
    if known is not None:
        return known.decode()
    path = directory(config, repository)
    found = LastCommits(path, reading_folder(config, repository.id)).of_path(spot.commit_id, spot.path)
    if found is None:
        found = find_last_commit_id(path, spot.commit_id, spot.path, timeout_seconds=timeout_seconds)
    if found is not None:
        kept.put(_KIND, spot.commit_id, spot.path, data=found.encode())
    return found


def find_touching(config: Config, repository: Repository, spot: Spot) -> CommitLine | None:
    """The commit that last touched the spot's path, as a line; None where finding it takes too long."""
    commit_id = find_touching_id(config, repository, spot)
    rows = [] if commit_id is None else read_commits(directory(config, repository), [commit_id])
    return line_of(rows[0]) if rows else None
