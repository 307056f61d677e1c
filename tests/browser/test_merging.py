"""From a push for review to the merged branch: propose, fetch, approve and merge, as people do it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Tab
from tests.git_client import GitClient
from tests.served import Served

MakeTab = Callable[..., Tab]
pytestmark = pytest.mark.xdist_group("browser")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_change_is_pushed_fetched_approved_and_merged(
    tab: MakeTab, served: Served, git: GitClient, *, scripts: bool
) -> None:
    owner, author = served.person(), served.person()
    path = served.repository(owner)
    work = git.init()
    git.commit(work, "Begin", {"README": "teh\n"})
    git.push(work, served.url(path, owner), "main")
    commit = git.commit(work, "Fix typo in README\n\nIt said teh.", {"README": "the\n"})
    printed = git.push(work, served.url(path, author), "HEAD:refs/for/main").err
    assert f"remote:   {served.http}/{path}/changes/1 " in printed
    git.fetch(work, served.url(path), "refs/pull/1/head")
    assert git.head(work, "FETCH_HEAD") == commit

    browser = tab(scripts=scripts)
    page = browser.page
    browser.sign_in(owner)
    browser.open(f"/{path}/changes/1")
    page.get_by_label("Summary").fill("Right *now*.")
    page.get_by_label("Approve").check()
    page.get_by_role("button", name="Publish review").click()
    merging = page.get_by_role("region", name="To merge")
    expect(merging).to_contain_text(f"given by {owner.name}")
    merging.get_by_label("How").select_option("squash")
    merging.get_by_text("Message", exact=True).first.click()
    expect(merging.get_by_role("textbox")).to_have_value(f"""Fix typo in README (#1)

It said teh.

Reviewed-by: {owner.name} <{owner.name}@noreply.127.0.0.1>
Link: {served.http}/{path}/changes/1""")
    merging.get_by_role("button", name="Merge").click()
    expect(page.get_by_text("Change 1 is merged into main.")).to_be_visible()
    expect(page.get_by_role("region", name="Merged")).to_contain_text("Squash")
    assert browser.overflow == 0
    assert browser.faults == []

    git.fetch(work, served.url(path), "main")
    assert git.run("log", "-1", "--format=%s", "FETCH_HEAD", cwd=work).out == "Fix typo in README (#1)\n"
    git.commit(work, "More", {"README": "the end\n"})
    refused = git.push(work, "-o", "change=1", served.url(path, author), "HEAD:refs/for/main", check=False)
    assert "(change 1 is merged)" in refused.err
