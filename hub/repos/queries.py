"""What is read of repositories: plain records of what the viewer may see."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from hub.access import Role, Viewer, Visibility
from hub.db import config_of
from hub.paging import PAGE_SIZE, Page, make_page, offset_of
from hub.repos.access import role_of
from hub.repos.addresses import http_address, ssh_address
from hub.repos.git.objects import Objects
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.repos.names import BRANCHES, TAGS, printable
from hub.repos.stars import count_stars, is_starred

_LONGEST_SUBJECT: Final = 300
# A list to choose from gets no longer than this.
_MOST_BRANCHES: Final = 200


@dataclass(frozen=True, slots=True)
class RepositoryHead:
    """What stands above every page of a repository; `role` is None for a stranger."""

    owner: str
    name: str
    path: str
    description: str
    visibility: Visibility
    role: Role | None
    is_archived: bool
    stars: int
    is_starred: bool


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
    branch_count: int
    tag_count: int
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


@dataclass(frozen=True, slots=True)
class BranchRow:
    """One branch in a list, with its last commit; what is not UTF-8 is replaced."""

    name: str
    is_default: bool
    commit_id: str
    subject: str
    author_name: str
    committed_at: datetime


def head_of(session: Session, viewer: Viewer, repository: Repository) -> RepositoryHead:
    """What stands above a page of this repository, which the viewer sees."""
    return RepositoryHead(**_values_of_head(session, viewer, repository))


# Any: the values of the fields of RepositoryHead.
def _values_of_head(session: Session, viewer: Viewer, repository: Repository) -> dict[str, Any]:
    return {
        "owner": repository.owner.name,
        "name": repository.name,
        "path": repository.path,
        "description": repository.description,
        "visibility": repository.visibility,
        "role": role_of(session, viewer, repository),
        "is_archived": repository.archived_at is not None,
        "stars": count_stars(session, repository),
        "is_starred": is_starred(session, viewer, repository),
    }


def page_of(
    session: Session, viewer: Viewer, repository: Repository, *, base_url: str | None = None
) -> RepositoryPage:
    """The first page of this repository, which the viewer sees.

    `base_url` is the hub's address as the viewer reached it.
    """
    config = config_of(session)
    files = RefFiles(directory(config, repository))
    branch_count = len(files.list_names(BRANCHES.encode()))
    http = config.url or base_url or f"http://{config.http}"
    return RepositoryPage(
        **_values_of_head(session, viewer, repository),
        default_branch=repository.default_branch if branch_count else None,
        offered_branch=repository.default_branch,
        clone_http=http_address(http, repository.path),
        clone_ssh=ssh_address(config, http, repository.path),
        is_empty=not branch_count,
        branch_count=branch_count,
        tag_count=len(files.list_names(TAGS.encode())),
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


def list_branches(session: Session, repository: Repository, *, page: int = 1) -> Page[BranchRow]:
    """The branches by name, the default one first; only the tips of the page are read."""
    path = directory(config_of(session), repository)
    files, objects = RefFiles(path), Objects(path)
    default = (BRANCHES + repository.default_branch).encode()
    names = sorted(files.list_names(BRANCHES.encode()), key=lambda ref: (ref != default, ref))
    start = offset_of(page)
    rows = [
        _branch_row(objects, ref, files.get(ref), is_default=ref == default)
        for ref in names[start : start + PAGE_SIZE]
    ]
    return make_page([row for row in rows if row is not None], number=page, total=len(names))


def _branch_row(objects: Objects, ref: bytes, commit_id: str | None, *, is_default: bool) -> BranchRow | None:
    commit = None if commit_id is None else objects.find_commit(commit_id)
    if commit is None:  # deleted since the names were listed
        return None
    shown = printable(ref.removeprefix(BRANCHES.encode()).decode("utf-8", "replace"))
    subject = printable(commit.subject)[:_LONGEST_SUBJECT]
    author = printable(commit.author_name)[:_LONGEST_SUBJECT]
    return BranchRow(shown, is_default, commit.commit_id, subject, author, commit.committed_at)
