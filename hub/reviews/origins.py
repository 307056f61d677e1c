"""Where the branches of a fork are proposed: in the repository that it was forked from."""

from sqlalchemy.orm import Session

from hub.access import Permission, Viewer
from hub.repos.access import find_repository, may
from hub.repos.models import Repository


def find_origin(session: Session, viewer: Viewer, repository: Repository) -> Repository | None:
    """What the repository was forked from, if the viewer may propose there."""
    if repository.origin_id is None:
        return None
    origin = find_repository(session, viewer, repository.origin_id)
    if origin is None or not may(session, viewer, origin, Permission.PROPOSE):
        return None
    return origin


def name_in_origin(fork: Repository, origin: Repository, branch: str) -> str:
    """How the origin's page of comparisons calls a branch of the fork: `bo:topic`."""
    owner = fork.owner.name if fork.name_key == origin.name_key else fork.path
    return f"{owner}:{branch}"
