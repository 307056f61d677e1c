"""Every page of reading code over a repository with everything odd in it, walked by links."""

from urllib.parse import unquote_to_bytes

import pytest

from tests.odd_site import OddSite
from tests.walker import Walk, kinds_of

pytestmark = pytest.mark.xdist_group("walk")

# How many pages of a kind are read: of what is odd in main, of the rest of main, and of other refs.
DEPTHS = {None: (60, 6, 4), "anna": (6, 3, 2)}
ODD_FOLDERS = {"names", "contents", "images", "links", "modules", "docs"}
AT_A_SPOT = ("src", "raw", "blame", "commits")
# What cannot be shown is said under a status of its own.
UNSHOWABLE = 422


@pytest.fixture(scope="module", params=[None, "anna"], ids=["stranger", "owner"])
def walk(request: pytest.FixtureRequest, odd_site: OddSite) -> Walk:
    """The whole walk, of somebody who is not signed in and of the owner."""
    visitor = odd_site.visitor(request.param)
    endpoint_of = kinds_of(odd_site.app)
    odd, main, elsewhere = DEPTHS[request.param]

    def kind_of(url: str) -> str | None:
        path = unquote_to_bytes(url.partition("?")[0]).decode("utf-8", "replace")
        if not path.startswith("/anna/odd") or path.startswith("/anna/odd/settings"):
            return None
        _, _, _, page, kind, ref, folder, *_ = [*path.split("/"), "", "", "", ""]
        if page not in AT_A_SPOT:
            return f"{endpoint_of(url)} {page}"
        where = f"main {folder}" if ref == "main" else f"elsewhere {kind}"
        return f"{endpoint_of(url)} {page} {where}"

    def most(kind: str) -> int:
        if "elsewhere" in kind:
            return elsewhere
        is_odd = "show_source" in kind and kind.rpartition(" ")[2] in ODD_FOLDERS
        return odd if is_odd else main

    return Walk(visitor, kind_of, most).run("/anna/odd")


def ref_of(url: str) -> list[str]:
    return url.split("/")[4:6]


def test_no_page_fails(walk: Walk) -> None:
    assert {url: status for url, status in walk.statuses.items() if status >= 500} == {}
    assert len(walk.pages) > 100


def test_every_link_answers(walk: Walk) -> None:
    """But to a path at another branch or tag, which need not have it, and where an author is wrong."""
    wrong = {}
    for url, status in walk.statuses.items():
        found_on = walk.found_on.get(url, "")
        is_elsewhere = ref_of(url) != ref_of(found_on) and url.split("/")[3] in AT_A_SPOT
        if status >= 400 and status != UNSHOWABLE and not is_elsewhere and not url.endswith("/x"):
            wrong[url] = (status, found_on)
    assert wrong == {}


def test_every_page_is_whole_and_safe(walk: Walk) -> None:
    faults = {url: found for url, page in walk.pages.items() if (found := page.look())}
    assert faults == {}


def test_robots_are_told_to_leave_alone_what_has_no_end(walk: Walk) -> None:
    """product: 3 I; pages behind the gate need not say it again."""
    followed = {
        url: found
        for url, page in walk.pages.items()
        if url.split("/")[3:4] not in (["blame"], ["compare"], ["commits"])
        and (found := page.followed("blame", "raw", "compare", "archive"))
    }
    assert followed == {}
