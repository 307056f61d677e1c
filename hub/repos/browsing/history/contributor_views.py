"""Who made the commits of the default branch."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.paging import make_page, offset_of
from hub.repos.blueprint import blueprint, open_page
from hub.repos.browsing.spots import default_spot
from hub.repos.git.contributors import Contributor, Contributors, read_contributors
from hub.repos.git.store import reading_folder
from hub.repos.names import printable
from hub.repos.queries import head_of
from hub.web import request as web
from hub.web.forms import page_number
from hub.web.render import render
from hub.web.scopes import needs

_PAGE_PEOPLE: Final = 50


@dataclass(frozen=True, slots=True)
class ContributorLine:
    """One name in the commits, for people; a clock that was set wrongly has no moment."""

    name_text: str
    commits: int
    first_at: datetime | None
    last_at: datetime | None


@blueprint.get("/<owner>/<name>/contributors")
@needs(Scope.REPOSITORY_READ)
def list_contributors(owner: str, name: str) -> ResponseReturnValue:
    """The names in the commits, those with the most first."""
    repository = open_page(owner, name)
    session, viewer = web.session(), web.viewer()
    spot = default_spot(session, repository)
    found = None if spot is None else read_contributors(reading_folder(web.config(), repository.id))
    number = page_number()
    start = offset_of(number, _PAGE_PEOPLE)
    people = [] if found is None else found.people
    lines = [_line(one) for one in people[start : start + _PAGE_PEOPLE]]
    return render(
        "browsing/contributors.html",
        repository=head_of(session, viewer, repository),
        people=make_page(lines, number=number, total=len(people), size=_PAGE_PEOPLE),
        commits=0 if found is None else found.commits,
        spot=spot,
        is_behind=_is_behind(found, None if spot is None else spot.commit_id),
    )


def _is_behind(found: Contributors | None, tip: str | None) -> bool:
    return found is None or found.tip != tip


def _line(one: Contributor) -> ContributorLine:
    return ContributorLine(printable(one.name), one.commits, _moment(one.first_at), _moment(one.last_at))


def _moment(seconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None
