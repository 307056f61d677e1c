"""Every page of a person's day: at two widths and in both schemes nothing overflows, fails or hides focus."""

from collections.abc import Callable

import pytest

from tests.browser.conftest import Tab
from tests.git_client import GitClient
from tests.served import Served

MakeTab = Callable[..., Tab]
pytestmark = pytest.mark.xdist_group("browser")
PAGES = (
    "/", "/new", "/settings/profile", "/settings/account", "/settings/log", "/settings/tokens",
    "/settings/keys", "/settings/password", "/settings/sign-in", "/settings/sessions",
    "/settings/sign-in/passkeys/new", "/-/prove", "/help", "/help/first-push",
    "/help/operate", "/help/roles", "/help/repositories", "/explore", "/starred", "/invitations",
)  # fmt: skip
SETTINGS = ("", "/visibility", "/rename", "/transfer", "/delete", "/people", "/log")
# 200 characters without a place to break, and letters that run the other way.
HARD_NAMES = ("x" * 200, "feature/שלום-עולם", "ümläut/日本語")


@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]
)
def test_no_page_is_wider_than_its_window_or_breaks_a_rule(
    tab: MakeTab, served: Served, git: GitClient, width: int, scheme: str
) -> None:
    person = served.person()
    path, empty = served.repository(person), served.repository(person)
    work = git.folder / "work"
    git.run("init", "-q", "-b", "main", str(work))
    git.run("commit", "-q", "--allow-empty", "-m", "a subject " + "without end " * 60, cwd=work)
    names = [f"HEAD:refs/heads/{name}" for name in ("main", *HARD_NAMES)]
    git.run("push", "-q", served.url(path, person), *names, cwd=work)
    browser = tab(width=width, scheme=scheme)
    browser.sign_in(person)
    settings = [f"/{path}/settings{page}" for page in SETTINGS]
    for address in (*PAGES, f"/{path}", f"/{empty}", f"/{person.name}", *settings):
        assert browser.open(address) == 200
        assert browser.overflow <= 0, address
        assert browser.faults == [], address
        assert browser.page.get_by_role("heading", level=1).count() == 1, address


def test_a_missing_page_says_so_and_leads_on(tab: MakeTab) -> None:
    browser = tab(width=390)
    assert browser.open("/nobody/nothing") == 404
    assert browser.overflow <= 0
    assert browser.page.get_by_role("main").get_by_role("link").count() >= 1


def test_the_keyboard_reaches_the_form_and_shows_where_it_is(tab: MakeTab) -> None:
    browser = tab()
    browser.open("/login")
    browser.page.keyboard.press("Tab")
    assert browser.page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    for _ in range(12):
        browser.page.keyboard.press("Tab")
        ring = browser.page.evaluate(
            "(() => { const s = getComputedStyle(document.activeElement);"
            " return s.outlineStyle !== 'none' || s.boxShadow !== 'none'; })()"
        )
        assert ring, browser.page.evaluate("document.activeElement.outerHTML")
        if browser.page.evaluate("document.activeElement.name") == "password":
            return
    pytest.fail("twelve steps did not reach the password")


def test_a_page_asks_for_three_things_at_most(tab: MakeTab) -> None:
    browser, asked = tab(), []
    browser.page.on("request", lambda request: asked.append(request.url))
    browser.open("/")
    browser.page.wait_for_load_state("networkidle")
    assert len([url for url in asked if not url.startswith("data:")]) <= 3, asked
