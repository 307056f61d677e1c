"""Every page of reading code over a repository with everything odd in it, walked by links."""

from urllib.parse import unquote_to_bytes

import pytest

from tests.odd_site import OddSite
from tests.walker import Walk, kinds_of

pytestmark = pytest.mark.xdist_group("walk")

# How many pages of a kind are read: of main, of a folder of main with odd entries, and of other refs.
MOST, MOST_ODD, MOST_ELSEWHERE = 12, 60, 6
ODD_FOLDERS = {"names", "contents", "images", "links", "modules", "docs"}


@pytest.fixture(scope="module", params=[None, "anna"], ids=["stranger", "owner"])
def walk(request: pytest.FixtureRequest, odd_site: OddSite) -> Walk:
    """The whole walk, of somebody who is not signed in and of the owner."""
    visitor = odd_site.visitor(request.param)
    endpoint_of = kinds_of(odd_site.app)

    def kind_of(url: str) -> str | None:
        path = unquote_to_bytes(url.partition("?")[0]).decode("utf-8", "replace")
        if not path.startswith("/anna/odd") or path.startswith("/anna/odd/settings"):
            return None
        _, _, _, page, kind, ref, folder, *_ = [*path.split("/"), "", "", "", ""]
        if page not in ("src", "raw", "blame", "commits"):
            return f"{endpoint_of(url)} {page}"
        where = f"main {folder}" if ref == "main" else f"elsewhere {kind}"
        return f"{endpoint_of(url)} {page} {where}"

    def most(kind: str) -> int:
        if "elsewhere" in kind:
            return MOST_ELSEWHERE
        return MOST_ODD if kind.rpartition(" ")[2] in ODD_FOLDERS else MOST

    return Walk(visitor, kind_of, most).run("/anna/odd")


def test_no_page_fails(walk: Walk) -> None:
    assert {url: status for url, status in walk.statuses.items() if status >= 500} == {}
    assert len(walk.pages) > 100


def test_every_page_is_whole_and_safe(walk: Walk) -> None:
    faults = {url: found for url, page in walk.pages.items() if (found := page.look())}
    assert faults == {}


def test_robots_are_told_to_leave_alone_what_has_no_end(walk: Walk) -> None:
    """product: 3 I; a history is followed, that of each file is not."""
    followed = {
        url: found for url, page in walk.pages.items() if (found := page.followed("blame", "raw", "compare"))
    }
    assert followed == {}
