"""A repository made with its first files: the row, the commit, and the branch moved as a push would."""

from hub.access import Permission, Viewer, Visibility
from hub.accounts.queries import get_self
from hub.clock import now
from hub.db import Database
from hub.repos import starters
from hub.repos.access import open_repository
from hub.repos.actions import create_repository
from hub.repos.authorship import sign_as
from hub.repos.git.store import directory, size_bytes
from hub.repos.git.writing import write_commit
from hub.repos.models import ZERO_ID
from hub.repos.names import BRANCHES
from hub.repos.pushes import RefUpdate
from hub.repos.pushing.moving import update_refs
from hub.repos.starters import Starter

_MESSAGE = "Begin the repository"


def create_with_files(
    database: Database,
    viewer: Viewer,
    starter: Starter,
    *,
    name: str,
    description: str,
    visibility: Visibility,
    base_url: str,
) -> str:
    """Makes a repository of the viewer's own that begins with these files; returns its path.

    In transactions of its own. Raises Invalid, and what a push of the first branch would be refused with; the
    repository is there then, and empty.
    """
    starters.check(starter)
    with database.writing() as session:
        user = get_self(session, viewer)
        repository = create_repository(
            session, viewer, user, name=name, description=description, visibility=visibility
        )
        repository_id, path, branch = repository.id, repository.path, repository.default_branch
        folder = directory(database.config, repository)
        holder = user.display_name or user.name
        files = starters.files_of(
            starter, name=repository.name, description=description, holder=holder, year=now().year
        )
        author = sign_as(user, base_url)
    if files:
        commit_id = write_commit(folder, files, message=_MESSAGE, author=author)
        with database.writing() as session:
            repository = open_repository(session, viewer, repository_id, need=Permission.PUSH)
            update_refs(session, viewer, repository, [RefUpdate(BRANCHES + branch, ZERO_ID, commit_id)])
            # These objects came with no push that would have added them up.
            repository.size_bytes = size_bytes(folder)
    return path
