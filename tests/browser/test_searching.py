"""The box above every page: reached by a key, completed while one types, and a form without scripts."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Tab
from tests.served import Served

MakeTab = Callable[..., Tab]
pytestmark = pytest.mark.xdist_group("browser")


def test_the_box_is_reached_by_a_key_and_offers_what_begins_alike(tab: MakeTab, served: Served) -> None:
    path = served.repository(served.person())
    browser = tab()
    page = browser.page
    browser.open("/explore")
    box = page.get_by_role("combobox", name="Search all code")
    offers = page.locator("header").get_by_role("option")
    expect(offers).to_have_count(0)
    page.keyboard.press("/")
    expect(box).to_be_focused()
    expect(box).to_have_value("")
    page.keyboard.type(path[:-1])
    expect(offers.filter(has_text=path)).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(page.locator('[aria-selected="true"]')).to_have_id(str(box.get_attribute("aria-activedescendant")))
    page.keyboard.press("Escape")
    expect(offers).to_have_count(0)
    page.keyboard.type(path[-1])
    expect(offers.filter(has_text=path)).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(served.http + f"/{path}")
    # Where nothing is chosen, Enter searches, here in this repository.
    page.keyboard.press("/")
    page.keyboard.type("/x/")
    page.keyboard.press("Enter")
    expect(page.locator("main input[type=search]")).to_have_value(f"repo:{path} /x/")
    assert browser.faults == []


@pytest.mark.parametrize("width", [1280, 390])
def test_without_scripts_the_box_is_a_form_or_a_link(tab: MakeTab, served: Served, width: int) -> None:
    path = served.repository(served.person())
    browser = tab(scripts=False, width=width)
    browser.open(f"/{path}")
    box, link = (
        browser.page.locator("header input[type=search]"),
        browser.page.locator("header a[href='/search']"),
    )
    expect(box).to_be_visible(visible=width > 500)
    expect(link).to_be_visible(visible=width < 500)
    assert browser.overflow <= 0
    if width > 500:
        expect(browser.page.locator("header kbd")).to_be_hidden()
        box.fill("word")
        box.press("Enter")
    else:
        link.click()
    expect(browser.page).to_have_url(re.compile("/search"))
    expect(browser.page.locator("main input[type=search]")).to_have_value(
        f"repo:{path} word" if width > 500 else ""
    )
