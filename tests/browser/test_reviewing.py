"""A change reviewed in a browser: comments by pointer and keys, drafts that outlive a reload, verdicts."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Tab
from tests.git_client import GitClient
from tests.served import Person, Served

MakeTab = Callable[..., Tab]
pytestmark = pytest.mark.xdist_group("browser")
both_ways = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
LINES = "".join(f"line {one}\n" for one in range(1, 101))


@dataclass(frozen=True)
class Proposed:
    """The page of the files of a change, and who looks after its repository."""

    files: str
    owner: Person


@pytest.fixture
def proposed(served: Served, git: GitClient) -> Proposed:
    """A change of somebody else's, in which line 50 of a long file is another one."""
    owner, author = served.person(), served.person()
    path = served.repository(owner)
    work = git.init()
    git.commit(work, "Begin", {"long.txt": LINES})
    git.push(work, served.url(path, owner), "main")
    git.commit(work, "Spell it", {"long.txt": LINES.replace("line 50\n", "line fifty\n")})
    git.push(work, served.url(path, author), "HEAD:refs/for/main")
    return Proposed(f"/{path}/changes/1/files", owner)


def open_files(tab: Tab, proposed: Proposed) -> Page:
    tab.sign_in(proposed.owner)
    assert tab.open(proposed.files) == 200
    return tab.page


def line_above(page: Page, words: str) -> str:
    """The text of the row above the one in which these words stand."""
    row = page.locator("tr.talk-row", has_text=words)
    return str(row.evaluate("row => row.previousElementSibling.querySelector('td.ln').textContent"))


def test_a_range_is_commented_on_with_the_pointer_and_outlives_a_reload(
    tab: MakeTab, proposed: Proposed
) -> None:
    browser = tab()
    page = open_files(browser, proposed)
    page.locator("tr:has(#f1n48) td.ln").hover()
    begin = page.get_by_role("button", name="Comment on this line").bounding_box()
    end = page.locator("tr:has(#f1n50) td.ln").bounding_box()
    assert begin
    assert end
    page.mouse.move(begin["x"] + 4, begin["y"] + 4)
    page.mouse.down()
    page.mouse.move(end["x"] + 4, end["y"] + 4, steps=4)
    page.mouse.up()
    expect(page.get_by_label("from line")).to_have_value("48")
    expect(page.get_by_label("to", exact=True)).to_have_value("50")
    page.keyboard.type("Why these three?")
    expect(page.get_by_text("Saved as a draft.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Draft, only you see this")).to_be_visible()
    assert line_above(page, "Why these three?") == "line fifty"
    assert browser.faults == []


def test_lines_are_commented_on_with_the_keys(tab: MakeTab, proposed: Proposed) -> None:
    browser = tab()
    page = open_files(browser, proposed)
    page.get_by_role("group", name="Changes in long.txt").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("c")
    page.keyboard.type("By keys.")
    page.get_by_role("button", name="Save draft").click()
    expect(page).to_have_url(re.compile("#draft-"))
    assert line_above(page, "By keys.") == "line 49"
    assert browser.faults == []


@both_ways
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_line_that_did_not_change_is_commented_on_and_a_verdict_given(
    tab: MakeTab, proposed: Proposed, scripts: bool, width: int, scheme: str
) -> None:
    browser = tab(width=width, scheme=scheme, scripts=scripts)
    page = open_files(browser, proposed)
    page.get_by_role("link", name="Comment long.txt").click()
    page.get_by_label("from line").fill("10")
    page.get_by_label("to", exact=True).fill("11")
    page.get_by_label("Comment", exact=True).first.fill("An *old* mistake.")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("1 draft, only you see it")).to_be_visible()
    assert line_above(page, "An old mistake.") == "line 11"
    assert browser.overflow == 0
    page.get_by_label("Summary").fill("One thing.")
    page.get_by_label("Request changes").check()
    page.get_by_role("button", name="Publish review").click()
    expect(page.get_by_text("What you wrote is published.")).to_be_visible()
    assert line_above(page, "An old mistake.") == "line 11"
    expect(page.get_by_text("Draft, only you see this")).to_have_count(0)
    assert browser.overflow == 0
    assert browser.faults == []


def test_what_was_kept_while_typing_is_thrown_away_with_the_form(tab: MakeTab, proposed: Proposed) -> None:
    browser = tab()
    page = open_files(browser, proposed)
    page.get_by_role("link", name="Comment long.txt").click()
    page.keyboard.type("Never mind.")
    expect(page.get_by_text("Saved as a draft.")).to_be_visible()
    with page.expect_response(lambda answer: "/drafts/" in answer.url):
        page.get_by_role("link", name="Cancel").click()
    page.reload()
    expect(page.get_by_text("You read patch set 1")).to_be_visible()
    expect(page.get_by_text("Never mind.")).to_have_count(0)
    assert browser.faults == []


def test_lines_between_hunks_come_where_they_belong(tab: MakeTab, proposed: Proposed) -> None:
    browser = tab()
    page = open_files(browser, proposed)
    page.get_by_role("link", name="the last 40").first.click()
    expect(page.locator("#f1n20")).to_be_visible()
    expect(page.locator("#f1n1")).to_have_count(0)
    page.get_by_role("link", name="Show 6 lines").click()
    expect(page.locator("#f1n1")).to_be_focused()
    expect(page.locator("#f1n50")).to_be_visible()
    assert browser.faults == []


def test_a_draft_is_changed_where_it_stands(tab: MakeTab, proposed: Proposed) -> None:
    browser = tab()
    page = open_files(browser, proposed)
    page.get_by_role("link", name="Comment long.txt").click()
    page.keyboard.type("First words.")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("link", name="Edit draft").click()
    page.get_by_label("Draft", exact=True).fill("Other words.")
    page.get_by_role("button", name="Save draft").click()
    expect(page).to_have_url(re.compile(r"/files\?*#draft-"))
    expect(page.locator(".draft", has_text="Other words.")).to_be_visible()
    assert browser.faults == []
