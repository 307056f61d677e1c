"""Files in a browser: marked lines, long texts as one scrolls, and nothing that runs (journey J3)."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from hub.markup import Place, to_html, with_links
from tests.browser.conftest import Tab
from tests.git_client import GitClient
from tests.markdown_payloads import payloads
from tests.odd_contents import HTML, MARKDOWN, SVG, source
from tests.served import Served

MakeTab = Callable[..., Tab]
pytestmark = pytest.mark.xdist_group("browser")
# Where every link leads to the page that is open.
NOWHERE = Place(folder=b"", page=lambda _: "#", raw=lambda _: "#")
both_ways = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])


@pytest.fixture
def repository(served: Served, git: GitClient) -> str:
    """The address of a repository with a long file and hostile ones."""
    person = served.person()
    path = served.repository(person)
    work = git.init()
    files = {"long.c": source(2_400), "README.md": MARKDOWN, "page.html": HTML, "drawing.svg": SVG}
    git.commit(work, "Begin", files)
    git.push(work, served.url(path, person), "main")
    return f"/{path}"


def line(browser: Tab, number: int) -> Locator:
    return browser.page.locator(f'[id="L{number}"]')


@both_ways
def test_long_file_is_read_to_its_end(tab: MakeTab, repository: str, scripts: bool) -> None:
    browser = tab(scripts=scripts)
    browser.open(f"{repository}/src/branch/main/long.c")
    for number in (1_001, 2_001):
        expect(line(browser, number)).to_have_count(0)
        following = browser.page.get_by_role("link", name=f"Lines {number} to")
        if scripts:
            following.scroll_into_view_if_needed()
        else:
            following.click()
        expect(line(browser, number)).to_be_visible()
    expect(line(browser, 1)).to_have_count(1 if scripts else 0)
    assert browser.faults == []


def test_lines_are_marked_by_clicks_and_stay_in_the_permalink(tab: MakeTab, repository: str) -> None:
    browser = tab()
    browser.open(f"{repository}/src/branch/main/long.c")
    line(browser, 5).click()
    expect(browser.page).to_have_url(re.compile("#L5$"))
    line(browser, 9).click(modifiers=["Shift"])
    expect(browser.page).to_have_url(re.compile("#L5-L9$"))
    expect(browser.page.locator(".sel > a[id]")).to_have_count(5)
    browser.page.keyboard.press("y")
    expect(browser.page).to_have_url(re.compile(r"/src/commit/[0-9a-f]{40}/long\.c#L5-L9$"))
    expect(browser.page.locator(".sel > a[id]")).to_have_count(5)
    assert browser.faults == []


def test_y_is_a_letter_where_somebody_types(tab: MakeTab, repository: str) -> None:
    browser = tab()
    browser.open(f"{repository}/src/branch/main/long.c")
    browser.page.get_by_label("Lines to mark").press_sequentially("y")
    expect(browser.page).to_have_url(re.compile(r"/src/branch/main/long\.c$"))


@both_ways
def test_range_is_marked_without_clicks(tab: MakeTab, repository: str, scripts: bool) -> None:
    browser = tab(scripts=scripts)
    browser.open(f"{repository}/src/branch/main/long.c")
    browser.page.get_by_label("Lines to mark").fill("1500-1502")
    browser.page.get_by_role("button", name="Go").click()
    expect(browser.page.locator(".sel > a[id]")).to_have_count(3)
    if scripts:
        expect(line(browser, 1_500)).to_be_in_viewport()


def test_link_to_a_line_that_is_not_loaded_leads_to_it(tab: MakeTab, repository: str) -> None:
    browser = tab()
    browser.open(f"{repository}/src/branch/main/long.c#L2100-L2102")
    expect(browser.page.locator(".sel > a[id]")).to_have_count(3)
    expect(line(browser, 2_100)).to_be_in_viewport()


@pytest.mark.parametrize(
    "path",
    [
        "src/branch/main/README.md",
        "src/branch/main/drawing.svg",
        "raw/branch/main/page.html",
        "raw/branch/main/drawing.svg",
        "raw/branch/main/README.md",
    ],
)
def test_nothing_of_a_repository_runs(tab: MakeTab, repository: str, path: str) -> None:
    browser = tab()
    assert browser.open(f"{repository}/{path}") == 200
    for link in browser.page.locator("main .prose a").all()[:30]:
        if (link.get_attribute("href") or "").startswith("#"):
            link.click()
    assert browser.page.evaluate("window.hostile") is None
    # A sandbox is an origin of its own: it reads no cookie, and asks nobody.
    if path.startswith("raw"):
        assert browser.page.evaluate("self.origin") == "null"


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("page", ["src", "blame"])
def test_code_scrolls_by_itself(tab: MakeTab, repository: str, page: str, width: int) -> None:
    browser = tab(width=width)
    browser.open(f"{repository}/{page}/branch/main/long.c")
    assert browser.overflow == 0
    assert browser.faults == []


def ran(page: Page, html: str) -> bool:
    """Whether something of this ran in a page without any policy, also when each element of it is pressed."""
    page.set_content(f"<!doctype html><title>x</title><body>{html}", wait_until="domcontentloaded")
    return bool(
        page.evaluate(
            """async () => {
                document.addEventListener("submit", (event) => event.preventDefault());
                for (const one of document.body.querySelectorAll("*")) {
                    one.focus?.();
                    one.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
                    if (!/^https?:|^file:/.test(one.href ?? "")) one.click?.();
                }
                await new Promise((done) => setTimeout(done, 20));
                return window.hostile;
            }"""
        )
    )


def test_no_markdown_runs_even_without_a_policy(tab: MakeTab) -> None:
    page, texts = tab().page, payloads()
    page.route("**/*", lambda route: route.abort())
    assert [one for one in texts if ran(page, str(with_links(to_html(one), NOWHERE)))] == []
    # So that a browser in which nothing runs does not pass.
    assert sum(ran(page, one) for one in texts if one.startswith(("<img", "<svg"))) > 10
    assert len(texts) > 200
