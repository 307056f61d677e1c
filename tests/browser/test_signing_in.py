"""Signing in with two steps and with passkeys, which Chromium's virtual authenticator keeps."""

import re
from collections.abc import Callable

import pyotp
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Tab
from tests.served import Person, Served

MakeTab = Callable[..., Tab]
pytestmark = pytest.mark.xdist_group("browser")


def named(served: Served) -> str:
    """The hub's address under a name: an IP address can have no passkeys."""
    return served.http.replace("127.0.0.1", "localhost")


def add_device(tab: Tab, *, is_verified: bool = True) -> str:
    """A virtual authenticator for this tab that keeps passkeys and knows its person; its id."""
    session = tab.page.context.new_cdp_session(tab.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": is_verified, "automaticPresenceSimulation": True,
    }  # fmt: skip
    return str(session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"])


def enter_password(tab: Tab, person: Person, base: str) -> None:
    tab.page.goto(f"{base}/login")
    tab.page.get_by_label("Name").fill(person.name)
    tab.page.get_by_label("Password").fill(person.password)
    tab.page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()


def sign_out(tab: Tab) -> None:
    tab.page.locator("header summary").click()
    tab.page.get_by_role("button", name="Sign out").click()
    expect(tab.page.get_by_role("link", name="Sign in").first).to_be_visible()


def press(tab: Tab, name: str) -> None:
    tab.page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def test_passkey_is_added_signs_in_alone_proves_and_is_removed(tab: MakeTab, served: Served) -> None:
    person, browser, base = served.person(), tab(), named(served)
    add_device(browser)
    enter_password(browser, person, base)
    browser.page.goto(f"{base}/settings/sign-in")
    browser.page.get_by_role("link", name="Add a passkey").click()
    browser.page.get_by_label("Name").fill("this laptop")
    press(browser, "Add passkey")
    expect(browser.page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    browser.page.get_by_role("link", name="I have kept them").click()
    expect(browser.page.get_by_role("main")).to_contain_text("this laptop")

    sign_out(browser)
    browser.page.goto(f"{base}/login?next=/settings/sessions")
    press(browser, "Sign in with a passkey")
    browser.page.wait_for_url(f"{base}/settings/sessions")
    expect(browser.page.get_by_role("main")).to_contain_text("This browser")

    browser.page.goto(f"{base}/-/prove?next=/settings/sign-in")
    press(browser, "Use a passkey")
    browser.page.wait_for_url(f"{base}/settings/sign-in")
    browser.page.locator("summary", has_text="Remove").click()
    browser.page.locator("form[action$='/remove'] button").click()
    expect(browser.page.get_by_role("status")).to_contain_text("The passkey is removed.")
    assert browser.faults == []


def test_passkey_takes_the_second_step(tab: MakeTab, served: Served) -> None:
    person, browser, base = served.person(), tab(), named(served)
    add_device(browser)
    enter_password(browser, person, base)
    browser.page.goto(f"{base}/settings/sign-in/passkeys/new")
    press(browser, "Add passkey")
    browser.page.get_by_role("link", name="I have kept them").click()
    sign_out(browser)
    enter_password(browser, person, base)
    expect(browser.page.get_by_role("heading", level=1)).to_have_text("The second step")
    press(browser, "Use a passkey")
    browser.page.wait_for_url(f"{base}/")
    expect(browser.page.locator("header")).to_contain_text(person.name)
    assert browser.faults == []


def test_device_without_the_passkey_or_with_it_already_is_told_in_words(tab: MakeTab, served: Served) -> None:
    person, browser, base = served.person(), tab(), named(served)
    add_device(browser)
    browser.page.goto(f"{base}/login")
    press(browser, "Sign in with a passkey")
    alert = browser.page.locator("[data-module=passkey] [role=alert]")
    expect(alert).to_contain_text("Nothing happened")
    expect(browser.page.get_by_role("button", name="Sign in with a passkey")).to_be_enabled()
    enter_password(browser, person, base)
    browser.page.goto(f"{base}/settings/sign-in/passkeys/new")
    press(browser, "Add passkey")
    expect(browser.page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    browser.page.goto(f"{base}/settings/sign-in/passkeys/new")
    press(browser, "Add passkey")
    expect(alert).to_contain_text("This device has a passkey of yours for this hub already.")


def test_person_who_is_not_verified_by_the_device_gets_nowhere(tab: MakeTab, served: Served) -> None:
    person, browser, base = served.person(), tab(), named(served)
    add_device(browser, is_verified=False)
    enter_password(browser, person, base)
    browser.page.goto(f"{base}/settings/sign-in/passkeys/new")
    press(browser, "Add passkey")
    expect(browser.page.locator("[data-module=passkey] [role=alert]")).to_contain_text("Nothing happened")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_authenticator_app_is_set_up_and_asked_for(tab: MakeTab, served: Served, scripts: bool) -> None:
    person, browser = served.person(), tab(scripts=scripts, width=390)
    enter_password(browser, person, served.http)
    browser.open("/settings/sign-in")
    browser.page.get_by_role("button", name="Set up").click()
    secret = browser.page.get_by_label("The secret", exact=True).input_value()
    browser.page.get_by_label("Code", exact=True).fill("12345")
    press(browser, "Turn on")
    expect(browser.page.get_by_role("main")).to_contain_text("This is not the code of this moment.")
    browser.page.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret).now())
    press(browser, "Turn on")
    codes = re.findall(r"(?:\w{4}-){3}\w{4}", browser.page.get_by_label("Your recovery codes").inner_text())
    assert len(codes) == 10
    other = tab(scripts=scripts)
    enter_password(other, person, served.http)
    other.page.get_by_label("Code", exact=True).fill("000000000")
    press(other, "Sign in")
    expect(other.page.get_by_role("main")).to_contain_text("This code does not work.")
    other.page.get_by_label("Code", exact=True).fill(codes[3])
    press(other, "Sign in")
    expect(other.page.locator("header")).to_contain_text(person.name)
    assert [one for one in (*browser.faults, *other.faults) if "422" not in one] == []


def test_address_that_is_a_number_says_where_passkeys_are(tab: MakeTab, served: Served) -> None:
    browser = tab()
    browser.open("/login")
    expect(browser.page.get_by_role("main")).to_contain_text("Passkeys belong to a host name")
    browser.page.get_by_role("link", name=named(served)).click()
    expect(browser.page.get_by_role("button", name="Sign in with a passkey")).to_be_visible()


def test_without_scripts_the_page_says_that_passkeys_need_them(tab: MakeTab, served: Served) -> None:
    browser = tab(scripts=False)
    browser.page.goto(f"{named(served)}/login")
    main = browser.page.get_by_role("main")
    expect(main).to_contain_text("A passkey needs JavaScript")
    expect(main.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    expect(main.get_by_label("Password")).to_be_visible()


def test_another_browser_is_signed_out_from_the_list(tab: MakeTab, served: Served) -> None:
    person, here, there = served.person(), tab(), tab(width=390)
    here.sign_in(person)
    there.sign_in(person)
    here.open("/settings/sessions")
    here.page.get_by_role("main").get_by_role("button", name=re.compile("^Sign out Chrom")).click()
    expect(here.page.get_by_role("status")).to_contain_text("The browser is signed out.")
    there.open("/settings/sessions")
    expect(there.page).to_have_url(re.compile("/login"))
    assert here.faults == []
