"""What is read of repositories: plain records of what the viewer may see."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from hub.access import Role, Viewer, Visibility
from hub.db import config_of
from hub.repos.access import role_of
from hub.repos.addresses import http_address, ssh_address
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.repos.names import BRANCHES
from hub.repos.tab_counts import read_counts

# A list to choose from gets no longer than this.
_MOST_BRANCHES: Final = 200


@dataclass(frozen=True, slots=True)
class RepositoryHead:
    """What stands above every page of a repository; `role` is None for a stranger.

    `tab_counts` say how many there are behind a tab, by the endpoint that it leads to.
    """

    owner: str
    name: str
    path: str
    description: str
    visibility: Visibility
    role: Role | None
    is_archived: bool
    stars: int
    is_starred: bool
    tab_counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RepositoryPage(RepositoryHead):
    """What the first page of a repository shows.

    `default_branch` is None while it is empty; `offered_branch` is then what a first push is shown with.
    """

    default_branch: str | None
    offered_branch: str
    clone_http: str
    clone_ssh: str | None
    is_empty: bool
    size_bytes: int
    pushed_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RepositoryState:
    """What the settings of a repository show besides its head; `branches` is None where they are too many."""

    default_branch: str
    branches: list[str] | None
    is_empty: bool
    size_bytes: int
    created_at: datetime
    archived_at: datetime | None
    maintained_at: datetime | None


def head_of(session: Session, viewer: Viewer, repository: Repository) -> RepositoryHead:
    """What stands above a page of this repository, which the viewer sees."""
    return RepositoryHead(**_values_of_head(session, viewer, repository))


# Any: the values of the fields of RepositoryHead.
def _values_of_head(session: Session, viewer: Viewer, repository: Repository) -> dict[str, Any]:
    stars, is_starred, tab_counts = read_counts(session, viewer, repository)
    return {
        "owner": repository.owner.name,
        "name": repository.name,
        "path": repository.path,
        "description": repository.description,
        "visibility": repository.visibility,
        "role": role_of(session, viewer, repository),
        "is_archived": repository.archived_at is not None,
        "stars": stars,
        "is_starred": is_starred,
        "tab_counts": tab_counts,
    }


def page_of(
    session: Session, viewer: Viewer, repository: Repository, *, base_url: str | None = None
) -> RepositoryPage:
    """The first page of this repository, which the viewer sees.

    `base_url` is the hub's address as the viewer reached it.
    """
    config = config_of(session)
    some_branch = RefFiles(directory(config, repository)).find_below(BRANCHES.rstrip("/"))
    http = config.url or base_url or f"http://{config.http}"
    return RepositoryPage(
        **_values_of_head(session, viewer, repository),
        default_branch=None if some_branch is None else repository.default_branch,
        offered_branch=repository.default_branch,
        clone_http=http_address(http, repository.path),
        clone_ssh=ssh_address(config, http, repository.path),
        is_empty=some_branch is None,
        size_bytes=repository.size_bytes,
        pushed_at=repository.pushed_at,
        created_at=repository.created_at,
    )


def state_of(session: Session, repository: Repository) -> RepositoryState:
    """What the settings show of this repository, which the viewer may change."""
    files = RefFiles(directory(config_of(session), repository))
    names = files.list_names(BRANCHES.encode())
    shown = [name.decode("utf-8", "replace").removeprefix(BRANCHES) for name in names]
    return RepositoryState(
        default_branch=repository.default_branch,
        branches=shown if len(names) <= _MOST_BRANCHES else None,
        is_empty=not names,
        size_bytes=repository.size_bytes,
        created_at=repository.created_at,
        archived_at=repository.archived_at,
        maintained_at=repository.maintained_at,
    )
