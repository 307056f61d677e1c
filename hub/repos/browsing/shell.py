"""What every page of a repository's content shows around it: whose it is, and where in it one is."""

from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.db import config_of
from hub.repos.browsing.crumbs import crumbs_of
from hub.repos.browsing.ref_overview import overview_of
from hub.repos.browsing.spots import Spot
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.repos.queries import RepositoryHead, head_of


def shell_of(
    session: Session,
    viewer: Viewer,
    repository: Repository,
    spot: Spot,
    *,
    head: RepositoryHead | None = None,
) -> dict[str, object]:
    """The values that the layout, the menu of branches and the path need, by their names in templates.

    `head` is for a caller that has read it already.
    """
    return {
        "repository": head or head_of(session, viewer, repository),
        "refs": overview_of(directory(config_of(session), repository), repository.default_branch),
        "spot": spot,
        "crumbs": crumbs_of(spot.path),
    }
