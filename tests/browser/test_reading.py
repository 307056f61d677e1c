"""Code read in a browser: found, its lines named, who wrote them, what came before (journey J3)."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Tab
from tests.git_client import GitClient
from tests.served import Served

MakeTab = Callable[..., Tab]
pytestmark = pytest.mark.xdist_group("browser")
both_ways = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])

FIRST, SECOND = "".join(f"a{one} = {one}\n" for one in range(30)), "Second thoughts"


@pytest.fixture
def path(served: Served, git: GitClient) -> str:
    """Two commits: a README that leads to src/main.py, whose first line the second changed."""
    person = served.person()
    made = served.repository(person)
    work = git.init()
    git.commit(work, "Begin", {"README.md": "# Reading\n\n[The code](src/main.py)\n", "src/main.py": FIRST})
    git.commit(work, SECOND, {"src/main.py": "changed = True\n" + FIRST.partition("\n")[2]})
    git.push(work, served.url(made, person), "main")
    return made


@both_ways
def test_a_file_is_found_from_the_readme_and_its_lines_have_a_permalink(
    tab: MakeTab, path: str, scripts: bool
) -> None:
    browser = tab(scripts=scripts)
    browser.open(f"/{path}")
    browser.page.get_by_role("link", name="The code").click()
    expect(browser.page).to_have_url(re.compile("/src/branch/main/src/main.py$"))
    browser.page.get_by_label("Lines to mark, as 10-20").fill("5-7")
    browser.page.get_by_role("button", name="Go").click()
    expect(browser.page.locator(".sel")).to_contain_text("a4 = 4")
    expect(browser.page.locator(".sel")).not_to_contain_text("a8 = 8")
    if scripts:
        browser.page.keyboard.press("y")
    else:
        browser.page.get_by_role("link", name="Permalink").click()
    expect(browser.page).to_have_url(re.compile(r"/src/commit/[0-9a-f]{40}/src/main\.py"))
    assert browser.faults == []


@both_ways
def test_a_file_is_found_by_some_letters_of_its_path(tab: MakeTab, path: str, scripts: bool) -> None:
    browser = tab(scripts=scripts)
    browser.open(f"/{path}/commits/branch/main")
    if scripts:
        browser.page.keyboard.press("t")
        expect(browser.page.get_by_role("combobox", name="Letters of the path")).to_be_focused()
        browser.page.keyboard.type("sma")
        expect(browser.page.get_by_role("option")).to_have_count(1)
        expect(browser.page.get_by_role("option", selected=True)).to_have_text("src/main.py")
        browser.page.keyboard.press("Enter")
    else:
        browser.open(f"/{path}")
        browser.page.get_by_role("link", name="Go to file").click()
        browser.page.get_by_label("Letters of the path").fill("sma")
        browser.page.get_by_role("button", name="Find").click()
        browser.page.get_by_role("link", name="src/main.py").click()
    expect(browser.page).to_have_url(re.compile("/src/branch/main/src/main.py$"))
    assert browser.faults == []


def test_arrows_choose_among_files_and_escape_leads_back(tab: MakeTab, path: str) -> None:
    browser = tab()
    browser.open(f"/{path}/find/branch/main")
    chosen = browser.page.get_by_role("option", selected=True)
    expect(chosen).to_have_text("README.md")
    browser.page.keyboard.press("ArrowDown")
    expect(chosen).to_have_text("src/main.py")
    browser.page.keyboard.press("ArrowDown")
    expect(chosen).to_have_text("README.md")
    browser.page.keyboard.press("Escape")
    expect(browser.page).to_have_url(re.compile("/src/branch/main$"))


def test_a_name_that_is_marked_leads_to_its_uses(tab: MakeTab, path: str) -> None:
    browser = tab()
    browser.open(f"/{path}/src/branch/main/src/main.py")
    number = browser.page.locator("#L1").bounding_box()
    assert number is not None
    browser.page.mouse.dblclick(number["x"] + number["width"] + 30, number["y"] + number["height"] / 2)
    expect(browser.page.get_by_role("link", name="Definition")).to_be_visible()
    browser.page.get_by_role("link", name="Uses").click()
    expect(browser.page).to_have_url(re.compile("/symbol.*q=changed"))
    browser.page.go_back()
    browser.page.get_by_role("link", name="Symbols in this file").click()
    expect(browser.page.locator("#outline summary")).to_contain_text("in this file")
    assert browser.faults == []


def test_a_range_of_lines_is_in_the_address_of_who_clicks_it(tab: MakeTab, path: str) -> None:
    browser = tab()
    browser.open(f"/{path}/src/branch/main/src/main.py")
    browser.page.locator("#L3").click()
    browser.page.locator("#L6").click(modifiers=["Shift"])
    expect(browser.page).to_have_url(re.compile("#L3-L6$"))
    browser.page.keyboard.press("y")
    expect(browser.page).to_have_url(re.compile(r"/src/commit/[0-9a-f]{40}/src/main\.py#L3-L6$"))
    expect(browser.page.locator(".sel")).to_contain_text("a5 = 5")


@both_ways
def test_history_and_blame_lead_to_the_commit(tab: MakeTab, path: str, scripts: bool) -> None:
    browser = tab(scripts=scripts)
    main = browser.page.get_by_role("main")
    for page in ("History", "Blame"):
        browser.open(f"/{path}/src/branch/main/src/main.py")
        main.get_by_role("link", name=page, exact=True).click()
        main.get_by_role("link", name=SECOND).first.click()
        expect(browser.page).to_have_url(re.compile(r"/commit/[0-9a-f]{40}$"))
        expect(main).to_contain_text("changed = True")
    assert browser.faults == []
