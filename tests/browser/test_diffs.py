"""Diffs in a browser: shown as one likes them, long ones when they are asked for (journey J3)."""

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


@pytest.fixture
def commit(served: Served, git: GitClient) -> str:
    """The address of a commit that changes a word in one file and adds a long one."""
    person = served.person()
    path = served.repository(person)
    work = git.init()
    git.commit(work, "Begin", {"code.py": "def greet():\n    return 'hello'\n"})
    long = "".join(f"line {one}\n" for one in range(1000))
    commit_id = git.commit(work, "Go on", {"code.py": "def greet():\n    return 'goodbye'\n", "long": long})
    git.push(work, served.url(path, person), "main")
    return f"/{path}/commit/{commit_id}"


@both_ways
def test_a_long_file_is_shown_when_it_is_asked_for(tab: MakeTab, commit: str, scripts: bool) -> None:
    browser = tab(scripts=scripts)
    assert browser.open(commit) == 200
    long = browser.page.get_by_role("region", name="long")
    expect(long).not_to_contain_text("line 999")
    long.get_by_role("link", name="Show 1000 changed lines").click()
    expect(long).to_contain_text("line 999")
    # With scripts it comes to where the reader is, else in a page of its own.
    other = browser.page.get_by_role("region", name="code.py")
    expect(other).to_have_count(1 if scripts else 0)
    assert browser.faults == []


@both_ways
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_changed_words_stand_side_by_side(
    tab: MakeTab, commit: str, scripts: bool, width: int, scheme: str
) -> None:
    browser = tab(width=width, scheme=scheme, scripts=scripts)
    browser.open(commit)
    browser.page.get_by_role("link", name="Side by side").click()
    expect(browser.page).to_have_url(re.compile("view=split"))
    changed = browser.page.get_by_role("region", name="code.py")
    expect(changed.locator("del")).to_contain_text(["hello"])
    expect(changed.locator("ins")).to_contain_text(["goodbye"])
    assert browser.overflow == 0
    browser.page.get_by_role("link", name="Unified").click()
    expect(browser.page).to_have_url(re.compile(r"commit/[0-9a-f]{40}$"))
    assert browser.overflow == 0


def test_a_line_is_linked_to(tab: MakeTab, commit: str) -> None:
    browser = tab()
    browser.open(f"{commit}#f1n2")
    line = browser.page.locator("tr:has(#f1n2)")
    expect(line).to_contain_text("return 'goodbye'")
    expect(line).to_be_in_viewport()


def test_two_branches_are_compared_by_the_form(tab: MakeTab, served: Served, git: GitClient) -> None:
    person = served.person()
    path = served.repository(person)
    work = git.init()
    git.commit(work, "Begin")
    git.run("switch", "-qc", "topic", cwd=work)
    git.commit(work, "Topic", {"new": "content\n"})
    git.push(work, served.url(path, person), "main", "topic")
    browser = tab(scripts=False)
    browser.sign_in(person)
    browser.open(f"/{path}/compare")
    browser.page.get_by_label("Compare").fill("topic")
    browser.page.get_by_role("button", name="Compare").click()
    expect(browser.page.get_by_role("heading", level=1)).to_contain_text("What topic brings to main")
    browser.page.get_by_role("link", name="Swap").click()
    expect(browser.page.get_by_role("main")).to_contain_text("topic has every commit of main.")
