"""Who may do what with a change; what the viewer may do in its repository decides."""

from sqlalchemy.orm import Session

from hub.access import Permission, Viewer
from hub.repos.access import may
from hub.repos.models import Repository


def is_maintainer(session: Session, viewer: Viewer, repository: Repository) -> bool:
    """Whether the viewer looks after the changes of a repository, also those of others."""
    return may(session, viewer, repository, Permission.MERGE)


def is_author(viewer: Viewer, author_user_id: int | None) -> bool:
    """Whether the viewer opened it; `author_user_id` is the account of its author, if there is one."""
    return viewer.user_id is not None and viewer.user_id == author_user_id
