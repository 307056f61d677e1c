"""How many there are of what later features add to a repository, for the tabs above its pages."""

from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.repos.models import Repository
from hub.repos.stars import is_starred_by, stars_of

# What counts them in the repository of that id, as part of a statement.
Count = Callable[[int], ColumnElement[int]]

_counts: Final[dict[str, Count]] = {}


def count_in_tab(endpoint: str, count: Count) -> None:
    """Has the tab that leads to the endpoint say how many there are behind it."""
    _counts[endpoint] = count


def read_counts(
    session: Session, viewer: Viewer, repository: Repository
) -> tuple[int, bool, Mapping[str, int]]:
    """How many people starred it, whether the viewer did, and the numbers of its tabs: one statement."""
    values = [count(repository.id) for count in _counts.values()]
    row = session.execute(select(stars_of(repository), is_starred_by(viewer, repository), *values)).one()
    return row[0], bool(row[1]), dict(zip(_counts, row[2:], strict=True))
