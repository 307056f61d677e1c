"""The registry of what lets commits arrive where a rule says that changes are required."""

from collections.abc import Callable
from typing import Final

from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.repos.models import Repository
from hub.repos.pushes import RefUpdate

# The number of the change whose commits the update brings, once it has all that it needs to be merged; else
# None. Called while the queue is held, with new objects that may still lie in quarantine.
Finder = Callable[[Session, Viewer, Repository, RefUpdate], int | None]

_finders: Final[list[Finder]] = []


def admit_by(finder: Finder) -> None:
    """Registers who knows of changes; where nobody does, no direct push passes such a rule."""
    _finders.append(finder)


def find_admitting_change(
    session: Session, viewer: Viewer, repository: Repository, update: RefUpdate
) -> int | None:
    """The change that this update would merge and that may be merged, or None."""
    found = (finder(session, viewer, repository, update) for finder in _finders)
    return next((number for number in found if number is not None), None)
