"""The first hour in a browser: sign in, make a repository, push what its page says, see it (journey J2)."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Tab
from tests.factories import unique
from tests.git_client import GitClient
from tests.served import Served

MakeTab = Callable[..., Tab]
pytestmark = pytest.mark.xdist_group("browser")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_new_repository_tells_how_to_push_and_then_shows_what_was_pushed(
    tab: MakeTab, served: Served, git: GitClient, scripts: bool
) -> None:
    person, name = served.person(), unique("kettle")
    browser = tab(scripts=scripts)
    browser.sign_in(person)
    browser.page.get_by_role("link", name="New repository").first.click()
    browser.page.get_by_label("Name", exact=True).fill(name)
    browser.page.get_by_role("button", name="Create repository").click()
    expect(browser.page.get_by_role("heading", level=1)).to_contain_text(name)
    commands = browser.page.get_by_text("git init -b main").first.inner_text()
    address = re.search(r"git remote add origin (\S+)", commands)
    assert address is not None
    assert address[1] == f"{served.http}/{person.name}/{name}.git"

    work = git.folder / "work"
    git.run("init", "-q", "-b", "trunk", str(work))
    (work / "README.md").write_text("# Kettle\n")
    git.run("add", "README.md", cwd=work)
    git.run("commit", "-qm", "first commit", cwd=work)
    git.run("push", "-q", served.url(f"{person.name}/{name}", person), "trunk", cwd=work)
    browser.page.reload()
    expect(browser.page.get_by_role("main")).to_contain_text("first commit")
    expect(browser.page.get_by_role("main")).to_contain_text("trunk")
    assert browser.faults == []


def test_a_token_made_in_the_browser_is_shown_once_and_pushes(
    tab: MakeTab, served: Served, git: GitClient
) -> None:
    person = served.person()
    path = served.repository(person)
    browser = tab()
    browser.sign_in(person)
    browser.open("/settings/tokens")
    browser.page.get_by_label("What it is for").fill("laptop")
    browser.page.get_by_label("Write to repositories").check()
    browser.page.get_by_role("button", name="Create token").click()
    found = re.search(r"hub_[\w-]{43}", browser.page.content())
    assert found is not None
    work = git.folder / "work"
    git.run("init", "-q", "-b", "main", str(work))
    git.run("commit", "-q", "--allow-empty", "-m", "with a token", cwd=work)
    url = served.url(path).replace("://", f"://{person.name}:{found[0]}@")
    git.run("push", "-q", url, "main", cwd=work)
    browser.open("/settings/tokens")
    assert found[0] not in browser.page.content()
    expect(browser.page.get_by_role("main")).to_contain_text("laptop")


def _public(private: Path) -> str:
    done = subprocess.run(
        ["ssh-keygen", "-y", "-f", str(private)], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_key_pasted_in_the_browser_opens_ssh_and_others_are_refused_in_words(
    tab: MakeTab, served: Served, git: GitClient
) -> None:
    person, other, key = served.person(), served.person(), git.folder / "new-key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    path = served.repository(person, private=True)
    browser = tab()
    browser.sign_in(person)
    browser.open("/settings/keys")
    for pasted, answer in (
        (key.read_text(), "private key"),
        (_public(other.key), "in use"),
        (_public(key), "just now"),
    ):
        browser.page.get_by_label("Public key").fill(pasted)
        browser.page.get_by_role("button", name="Add key").click()
        expect(browser.page.get_by_role("main")).to_contain_text(answer)
    git.use_key(key)
    assert git.run("ls-remote", served.ssh_url(path)).ok


def test_signing_out_ends_it_on_the_server_too(tab: MakeTab, served: Served) -> None:
    person = served.person()
    path = served.repository(person, private=True)
    browser = tab()
    browser.sign_in(person)
    cookies = browser.page.context.cookies()
    assert browser.open(f"/{path}") == 200
    browser.page.locator("header summary").click()
    browser.page.get_by_role("button", name="Sign out").click()
    expect(browser.page.get_by_role("link", name="Sign in").first).to_be_visible()
    browser.page.context.add_cookies(cookies)  # type: ignore[arg-type]  # what it gave is what it takes
    assert browser.open(f"/{path}") == 404


def test_a_wrong_password_keeps_the_name_and_says_what_to_do(tab: MakeTab, served: Served) -> None:
    person, browser = served.person(), tab()
    browser.open("/login")
    browser.page.get_by_label("Name").fill(person.name)
    browser.page.get_by_label("Password").fill("not the password")
    browser.page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(browser.page.get_by_role("alert").first).to_be_visible()
    assert browser.page.get_by_label("Name").input_value() == person.name


def test_the_clone_address_switches_to_ssh_and_is_copied(tab: MakeTab, served: Served) -> None:
    person = served.person()
    path = served.repository(person)
    browser = tab()
    browser.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    browser.sign_in(person)
    browser.open(f"/{path}")
    browser.page.get_by_text("SSH", exact=True).first.click()
    address = browser.page.locator("input[readonly]:visible").first
    expect(address).to_have_value(re.compile(rf"ssh://git@127\.0\.0\.1:\d+/{path}\.git"))
    browser.page.locator(".copy:has(input:visible) button").first.click()
    assert browser.page.evaluate("navigator.clipboard.readText()") == address.input_value()
