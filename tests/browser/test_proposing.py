"""From a pushed branch to its change, as git and the pages lead there: push, compare, propose, push again."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Tab
from tests.git_client import GitClient
from tests.served import Served

MakeTab = Callable[..., Tab]
pytestmark = pytest.mark.xdist_group("browser")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_pushed_branch_becomes_a_change_that_follows_it(
    tab: MakeTab, served: Served, git: GitClient, *, scripts: bool
) -> None:
    owner, reviewer = served.person(), served.person()
    path = served.repository(owner)
    work = git.init()
    git.commit(work, "Begin", {"README": "teh\n"})
    git.push(work, served.url(path, owner), "main")
    git.run("switch", "-q", "-c", "fix-typo", cwd=work)
    git.commit(work, "Fix typo in README\n\nIt said teh.", {"README": "the\n"})
    printed = git.push(work, served.url(path, owner), "fix-typo").err
    assert f"{served.http}/{path}/compare/main...fix-typo" in printed
    browser = tab(scripts=scripts)
    page = browser.page

    browser.open(f"/{path}/compare/main...fix-typo")
    page.get_by_role("link", name="Sign in to propose").click()
    page.get_by_label("Name").fill(owner.name)
    page.get_by_label("Password").fill(owner.password)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Title")).to_have_value("Fix typo in README")
    expect(page.get_by_label("Description")).to_have_value("It said teh.")
    page.get_by_label("Ask for a review").fill(f"{reviewer.name}, nobody-at-all")
    page.get_by_role("button", name="Open change").click()
    expect(page.get_by_text("Nobody called nobody-at-all reads this repository.")).to_be_visible()
    page.get_by_label("Ask for a review").fill(reviewer.name)
    page.get_by_role("button", name="Open change").click()

    expect(page).to_have_url(re.compile(rf"/{re.escape(path)}/changes/1$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Fix typo in README")
    git.commit(work, "Say more", {"README": "the end\n"})
    assert f"{served.http}/{path}/changes/1" in git.push(work, served.url(path, owner), "fix-typo").err
    page.get_by_label("Repository").get_by_role("link", name="Changes").click()
    expect(page.get_by_role("list").filter(has_text="Fix typo in README")).to_contain_text("2 patch sets")
    # The browser notes the form that was refused, and nothing else.
    assert [one for one in browser.faults if "422" not in one] == []
    assert browser.overflow == 0
