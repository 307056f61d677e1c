"""Every kind of page holds WCAG 2.2 AA as far as axe can tell: on a desk in light, on a phone in the dark.

`make a11y` looks at each of them in every width and scheme, and with two other programs.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.factories import PASSWORD
from tests.odd_repository import OddRepository
from tests.page_kinds import PageKind, keep_proofs, list_page_kinds, serve_page_kinds
from tests.sample import KeptSample
from tests.served import Served

pytestmark = pytest.mark.xdist_group("accessibility")

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
VIOLATIONS = "options => axe.run(document, options).then(found => found.violations)"
LOOKS = {"light": (1280, 900), "dark": (360, 800)}


@dataclass(frozen=True)
class Reader:
    """The pages of a hub, and a tab for each person who looks at them."""

    http: str
    kinds: list[PageKind]
    tabs: dict[str | None, Page]

    def look_at(self, kind: PageKind) -> dict[str, list[str]]:
        """What axe finds wrong with a page, by the look it has then."""
        tab = self.tabs[kind.person]
        tab.goto(self.http + kind.path)
        tab.evaluate(Axe().axe_script)
        faults = {}
        for scheme, (width, height) in LOOKS.items():
            tab.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            tab.set_viewport_size({"width": width, "height": height})
            options = {"runOnly": RULES, "resultTypes": ["violations"]}
            found = tab.evaluate(VIOLATIONS, options)
            wide = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            faults[scheme] = [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]
            faults[scheme] += [f"wider than its window by {wide}"] if wide > 0 else []
        return {scheme: told for scheme, told in faults.items() if told}


@pytest.fixture(scope="module")
def reader(
    tmp_path_factory: pytest.TempPathFactory,
    kept_sample: KeptSample,
    odd_repository: OddRepository,
    chromium: Browser,
) -> Iterator[Reader]:
    folder = tmp_path_factory.mktemp("kinds")
    with serve_page_kinds(folder, kept_sample, odd_repository) as (served, sample):
        tabs = {name: sign_in(chromium, served, name) for name in (None, "anna", "root")}
        keep_proofs(served)
        yield Reader(served.http, list_page_kinds(sample, odd_repository), tabs)
        for tab in tabs.values():
            tab.context.close()


def sign_in(chromium: Browser, served: Served, name: str | None) -> Page:
    tab = chromium.new_context(locale="en-GB").new_page()
    if name is not None:
        tab.goto(f"{served.http}/login")
        tab.get_by_label("Name").fill(name)
        tab.get_by_label("Password").fill(PASSWORD)
        tab.get_by_role("main").get_by_role("button", name="Sign in").click()
        tab.wait_for_url(f"{served.http}/")
    return tab


@pytest.mark.parametrize("who", [None, "anna", "root"])
def test_no_page_keeps_anybody_out(reader: Reader, who: str | None) -> None:
    kinds = [kind for kind in reader.kinds if kind.person == who]
    assert kinds
    faults = {kind.path: found for kind in kinds if (found := reader.look_at(kind))}
    assert faults == {}
