"""Journey J1 in a browser: sign up, be approved, sign in, add a key, make a token; and administration."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Tab
from tests.factories import PASSWORD, unique, write_key
from tests.git_client import GitClient
from tests.served import Person, Served

MakeTab = Callable[..., Tab]
pytestmark = pytest.mark.xdist_group("browser")


def sign_up(browser: Tab, name: str) -> None:
    browser.open("/")
    browser.page.get_by_role("banner").get_by_role("link", name="Sign up").click()
    main = browser.page.get_by_role("main")
    expect(main).to_contain_text("What a new account can do")
    main.get_by_label("Name", exact=True).fill(name)
    main.get_by_label("E-mail").fill(f"{name}@example.org")
    main.get_by_label("Password").fill(PASSWORD)
    main.get_by_role("button", name="Create account").click()
    expect(main).to_contain_text("It waits for approval.")


def approve(browser: Tab, admin: Person, name: str) -> None:
    browser.sign_in(admin)
    browser.page.locator("header summary").click()
    browser.page.get_by_role("link", name="Administration").click()
    browser.page.get_by_role("link", name=re.compile("wait.? for approval")).click()
    browser.page.get_by_role("button", name=f"Approve {name}", exact=True).click()
    expect(browser.page.get_by_role("main")).to_contain_text(f"{name} can sign in now.")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_newcomer_signs_up_is_approved_and_gets_a_key_and_a_token(
    tab: MakeTab, served: Served, git: GitClient, scripts: bool
) -> None:
    admin, name, key = served.person(is_admin=True), unique("newcomer"), git.folder / "new-key"
    browser, public_line = tab(scripts=scripts), write_key(key)
    sign_up(browser, name)
    browser.page.get_by_label("Name", exact=True).fill(name)
    browser.page.get_by_label("Password").fill(PASSWORD)
    browser.page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    expect(browser.page.get_by_role("alert")).to_contain_text("Your account waits for approval.")
    approve(tab(scripts=scripts), admin, name)
    browser.sign_in(Person(0, name, PASSWORD, "", key))

    main = browser.page.get_by_role("main")
    browser.open("/settings/keys")
    for pasted, fault in (
        (key.read_text(), "This is a private key."),
        (public_line[:40] + "\n" + public_line[40:], "There is a line break inside the key."),
        (public_line, "Added just now"),
    ):
        main.get_by_label("Public key").fill(pasted)
        main.get_by_role("button", name="Add key").click()
        expect(main).to_contain_text(fault)
    expect(main).to_contain_text(re.compile(r"SHA256:[\w+/]{43}"))
    expect(main).to_contain_text("Never used")
    make_limited_token(browser, served, name)


def make_limited_token(browser: Tab, served: Served, name: str) -> None:
    path = served.repository(Person(0, name, PASSWORD, "", served.folder), private=True)
    main = browser.page.get_by_role("main")
    browser.open("/settings/tokens")
    main.get_by_label("What it is for").fill("robot")
    main.get_by_label("Read repositories").check()
    main.get_by_label("Only these").check()
    main.get_by_label("Repositories", exact=True).fill(path)
    main.get_by_role("button", name="Create token").click()
    expect(main).to_contain_text("Copy it now: it is not shown again.")
    expect(main.get_by_role("link", name=path)).to_be_visible()
    assert [fault for fault in browser.faults if "401" not in fault and "422" not in fault] == []


@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]
)
def test_pages_of_administrators_fit_their_window(
    tab: MakeTab, served: Served, width: int, scheme: str
) -> None:
    admin, person = served.person(is_admin=True), served.person("p" * 30 + unique(""))
    browser = tab(width=width, scheme=scheme)
    assert browser.open("/sign-up") == 200
    assert browser.overflow <= 0
    browser.sign_in(admin)
    people = "/admin/people"
    for address in ("/admin", people, f"{people}?q=nobody-at-all", f"{people}/{person.name}", "/admin/log"):
        assert browser.open(address) == 200
        assert browser.overflow <= 0, address
        assert browser.faults == [], address
        assert browser.page.get_by_role("heading", level=1).count() == 1, address


def test_person_who_is_suspended_is_out_at_the_next_click(tab: MakeTab, served: Served) -> None:
    admin, person = served.person(is_admin=True), served.person()
    theirs, browser = tab(), tab()
    theirs.sign_in(person)
    browser.sign_in(admin)
    browser.open(f"/admin/people/{person.name}")
    browser.page.get_by_label("Reason").fill("sent the same words to everybody")
    browser.page.get_by_role("button", name="Suspend account").click()
    expect(browser.page.get_by_role("main")).to_contain_text("is suspended and signed out everywhere.")
    theirs.open("/settings/keys")
    expect(theirs.page.get_by_role("heading", level=1)).to_contain_text("Sign in")
