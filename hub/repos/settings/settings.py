"""What is changed about a repository: its description, default branch, visibility, and being archived."""

from typing import Final

from sqlalchemy.orm import Session

from hub.access import Permission, Viewer, Visibility
from hub.accounts import audit
from hub.clock import now
from hub.db import Database
from hub.errors import Conflict, Invalid, Unavailable, text
from hub.events import DefaultBranchChanged, publish
from hub.repos import ref_rules
from hub.repos.access import open_repository, require
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import QUEUE_LOCK, directory, holding, set_head
from hub.repos.loans import check_loans
from hub.repos.models import Repository
from hub.repos.names import BRANCHES, check_description

_QUEUE_SECONDS: Final = 10.0

DESCRIBED: Final = audit.action("repository.described", text("changed the description of %(path)s"))
DEFAULT_BRANCH_SET: Final = audit.action(
    "repository.default_branch", text("made %(new)s the default branch instead of %(old)s in %(path)s")
)
MADE_PUBLIC: Final = audit.action("repository.made_public", text("made %(path)s public"))
MADE_PRIVATE: Final = audit.action("repository.made_private", text("made %(path)s private"))
ARCHIVED: Final = audit.action("repository.archived", text("archived %(path)s"))
UNARCHIVED: Final = audit.action("repository.unarchived", text("brought %(path)s back from the archive"))


def describe(session: Session, viewer: Viewer, repository: Repository, *, description: str) -> None:
    """Says anew what the repository is; raises Forbidden or Invalid."""
    require(session, viewer, repository, Permission.DESCRIBE)
    line = check_description(description)
    if line != repository.description:
        repository.description = line
        audit.note(session, viewer, DESCRIBED, repository_id=repository.id, path=repository.path)
    session.flush()


def set_visibility(
    session: Session, viewer: Viewer, repository: Repository, *, visibility: Visibility
) -> None:
    """Sets who may see the repository; raises Forbidden, and LoansInTheWay: call it through `settle`."""
    require(session, viewer, repository, Permission.SET_VISIBILITY)
    if visibility is not repository.visibility:
        repository.visibility = visibility
        what = MADE_PUBLIC if visibility is Visibility.PUBLIC else MADE_PRIVATE
        audit.note(session, viewer, what, repository_id=repository.id, path=repository.path)
    session.flush()
    check_loans(session, repository)


def archive(session: Session, viewer: Viewer, repository: Repository) -> None:
    """Makes the repository read-only; raises Forbidden, and Conflict where it is already."""
    require(session, viewer, repository, Permission.ADMINISTER)
    if repository.archived_at is not None:
        raise Conflict(text("%(path)s is archived already.", path=repository.path))
    repository.archived_at = now()
    audit.note(session, viewer, ARCHIVED, repository_id=repository.id, path=repository.path)
    session.flush()


def unarchive(session: Session, viewer: Viewer, repository: Repository) -> None:
    """Has the repository be written to again; raises Forbidden, and Conflict where it is not archived."""
    require(session, viewer, repository, Permission.ADMINISTER)
    if repository.archived_at is None:
        raise Conflict(text("%(path)s is not archived.", path=repository.path))
    repository.archived_at = None
    audit.note(session, viewer, UNARCHIVED, repository_id=repository.id, path=repository.path)
    session.flush()


def set_default_branch(database: Database, viewer: Viewer, path: str, *, branch: str) -> None:
    """Makes an existing branch the default one, for git too, while nobody pushes.

    In a transaction of its own. Raises what `open_repository` raises, Invalid, and Unavailable while others
    push for too long.
    """
    with database.reading() as session:
        repository = open_repository(session, viewer, path, need=Permission.DESCRIBE)
        repository_id, folder = repository.id, directory(database.config, repository)
    with holding(folder, QUEUE_LOCK, wait_seconds=_QUEUE_SECONDS) as is_ours:
        if not is_ours:
            raise _busy()
        # Looked for in the list of all: what somebody typed becomes no path of a file.
        if (BRANCHES + branch).encode() not in RefFiles(folder).list_names(BRANCHES.encode()):
            fault = text("There is no branch of this name any more. Choose another one.")
            raise Invalid(text("The default branch was not changed."), {"default_branch": fault})
        has_moved, old = False, ""
        try:
            with database.writing() as session:
                repository = open_repository(session, viewer, repository_id, need=Permission.DESCRIBE)
                old = repository.default_branch
                _note_default_branch(session, viewer, repository, branch)
                set_head(folder, BRANCHES + branch)
                has_moved = True
        except FileExistsError as error:  # somebody else moves HEAD, with a git of their own
            raise _busy() from error
        except BaseException:
            if has_moved:
                set_head(folder, BRANCHES + old)
            raise


def _busy() -> Unavailable:
    return Unavailable(
        text("Others are pushing to this repository."), next_step=text("Try it again in a moment.")
    )


def _note_default_branch(session: Session, viewer: Viewer, repository: Repository, branch: str) -> None:
    old, repository.default_branch = repository.default_branch, branch
    session.flush()
    if old != branch:
        ref_rules.add_default(session, repository)
        publish(session, DefaultBranchChanged(repository.id))
        audit.note(
            session,
            viewer,
            DEFAULT_BRANCH_SET,
            repository_id=repository.id,
            old=old,
            new=branch,
            path=repository.path,
        )
