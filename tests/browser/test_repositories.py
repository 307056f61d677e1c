"""A repository's life in a browser: begun with files, shared, renamed, archived, given up (journey J2)."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Tab
from tests.factories import unique
from tests.git_client import GitClient
from tests.served import Served

MakeTab = Callable[..., Tab]
pytestmark = pytest.mark.xdist_group("browser")
both_ways = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])


def press(browser: Tab, name: str) -> None:
    browser.page.get_by_role("main").get_by_role("button", name=name).first.click()


@both_ways
def test_repository_with_first_files_is_cloned_as_it_is(
    tab: MakeTab, served: Served, git: GitClient, scripts: bool
) -> None:
    person, name = served.person(), unique("kettle")
    browser = tab(scripts=scripts)
    browser.sign_in(person)
    browser.open("/new")
    browser.page.get_by_label("Name", exact=True).fill(name)
    browser.page.get_by_label("Description").fill("Boils water.")
    browser.page.get_by_label("A README").check()
    browser.page.get_by_label("Licence").select_option("MIT License")
    browser.page.get_by_label("Files that git leaves out").select_option("Python")
    press(browser, "Create repository")
    expect(browser.page.get_by_role("main")).to_contain_text("Begin the repository")
    git.clone(served.url(f"{person.name}/{name}", person))
    clone = git.folder / "clone"
    assert (clone / "README.md").read_text() == f"# {name}\n\nBoils water.\n"
    assert sorted(one.name for one in clone.iterdir()) == [".git", ".gitignore", "LICENSE", "README.md"]
    assert browser.faults == []


@both_ways
def test_settings_describe_rename_and_archive(tab: MakeTab, served: Served, scripts: bool) -> None:
    person, name = served.person(), unique("show")
    path = served.repository(person)
    browser = tab(scripts=scripts)
    browser.sign_in(person)
    browser.open(f"/{path}")
    browser.page.get_by_role("navigation", name="Repository").get_by_role("link", name="Settings").click()
    browser.page.get_by_label("Description").fill("What it is.")
    press(browser, "Save description")
    expect(browser.page.get_by_role("main")).to_contain_text("The description is changed.")
    browser.page.get_by_role("link", name="Rename").click()
    browser.page.get_by_label("New name").fill(name)
    press(browser, "Rename repository")
    expect(browser.page).to_have_url(re.compile(f"/{person.name}/{name}/settings$"))
    browser.open(f"/{path}")
    expect(browser.page).to_have_url(re.compile(f"/{person.name}/{name}$"))
    browser.open(f"/{path}/settings")
    press(browser, "Archive")
    browser.open(f"/{person.name}/{name}")
    expect(browser.page.get_by_role("main")).to_contain_text("read-only")
    assert browser.faults == []


@both_ways
def test_invited_person_accepts_and_the_owner_takes_the_role_away(
    tab: MakeTab, served: Served, scripts: bool
) -> None:
    owner, guest = served.person(), served.person()
    path = served.repository(owner, private=True)
    hers, theirs = tab(scripts=scripts), tab(scripts=scripts)
    hers.sign_in(owner)
    theirs.sign_in(guest)
    hers.open(f"/{path}/settings/people")
    hers.page.get_by_label("Name", exact=True).fill(guest.name)
    press(hers, "Invite")
    expect(hers.page.get_by_role("main")).to_contain_text("Open invitations")
    theirs.open("/")
    press(theirs, "Accept")
    expect(theirs.page.get_by_role("main")).to_contain_text(f"You are part of {path} now.")
    hers.page.reload()
    hers.page.get_by_text("Remove", exact=False).first.click()
    hers.page.locator("details[open] button").click()
    expect(hers.page.get_by_role("main")).to_contain_text("has no role here any more")
    assert theirs.open(f"/{path}") == 404


@both_ways
def test_deleted_repository_is_gone_and_an_administrator_brings_it_back(
    tab: MakeTab, served: Served, scripts: bool
) -> None:
    owner, admin = served.person(), served.person(is_admin=True)
    path = served.repository(owner)
    browser = tab(scripts=scripts)
    browser.sign_in(owner)
    browser.open(f"/{path}/settings/delete")
    browser.page.get_by_label(f"Type {path} to confirm").fill("something else")
    press(browser, "Delete repository")
    expect(browser.page.get_by_role("main")).to_contain_text("to show that you mean this one")
    browser.page.get_by_label(f"Type {path} to confirm").fill(path)
    press(browser, "Delete repository")
    expect(browser.page.get_by_role("main")).to_contain_text(f"{path} is deleted.")
    assert browser.open(f"/{path}") == 404
    theirs = tab(scripts=scripts)
    theirs.sign_in(admin)
    theirs.open("/admin/repositories")
    theirs.page.get_by_role("button", name=f"Bring back {path}").click()
    expect(theirs.page.get_by_role("main")).to_contain_text(f"{path} is back.")
    assert browser.open(f"/{path}") == 200


@both_ways
def test_star_is_found_again(tab: MakeTab, served: Served, scripts: bool) -> None:
    person = served.person()
    path = served.repository()
    browser = tab(scripts=scripts)
    browser.sign_in(person)
    browser.open(f"/{path}")
    browser.page.get_by_role("button", name="Star").click()
    expect(browser.page.get_by_role("button", name="Starred")).to_be_visible()
    browser.open("/starred")
    expect(browser.page.get_by_role("main").get_by_role("link", name=path.partition("/")[2])).to_be_visible()
