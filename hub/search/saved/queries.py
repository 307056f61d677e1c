"""Reads the searches that somebody saved."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access import Scope, Viewer
from hub.errors import NotFound, text
from hub.search.models import SavedSearch


def list_saved(session: Session, viewer: Viewer) -> Sequence[SavedSearch]:
    """The viewer's own, in their order; none for a stranger and for a token that reaches no account."""
    if viewer.user_id is None or not viewer.has_scope(Scope.ACCOUNT):
        return ()
    own = select(SavedSearch).where(SavedSearch.user_id == viewer.user_id)
    return session.scalars(own.order_by(SavedSearch.position, SavedSearch.id)).all()


def get_saved(session: Session, viewer: Viewer, saved_id: int) -> SavedSearch:
    """One of the viewer's own; raises NotFound for what is not there and for somebody else's alike."""
    found = next((one for one in list_saved(session, viewer) if one.id == saved_id), None)
    if found is None:
        raise NotFound(
            text("There is no such saved search."), next_step=text("It may have been deleted already.")
        )
    return found
