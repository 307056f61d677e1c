"""Who may do what with accounts: their person, and administrators."""

from hub.access import Scope, Viewer
from hub.accounts.models import User
from hub.errors import Forbidden, text


def require_admin(viewer: Viewer) -> None:
    """Raises Forbidden unless the viewer acts as an administrator."""
    if not viewer.administers:
        raise Forbidden(
            text("Only administrators make accounts."),
            next_step=text("Ask whoever runs this hub."),
        )


def require_self(viewer: Viewer, user: User) -> None:
    """Raises Forbidden unless this is the viewer's own account, or they act as an administrator."""
    is_self = viewer.user_id == user.id and viewer.has_scope(Scope.ACCOUNT)
    if not is_self and not viewer.administers:
        raise Forbidden(
            text("These are the credentials of another account."),
            text("Only the person themself and administrators change them."),
        )
