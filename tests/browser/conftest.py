"""A real Chromium, headless, and people who use it."""

import re
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.served import Person, Served

# The browser stays on this machine: nothing is looked up, synchronised or updated behind the tests.
_QUIET = (
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-sandbox",
)  # fmt: skip

# Milliseconds for which a browser waits for what is to come; where all goes well it comes at once.
PATIENCE_MS = 120_000
expect.set_options(timeout=PATIENCE_MS)


class Tab:
    """One page of a browser of its own, which remembers what the console said."""

    def __init__(self, page: Page, served: Served) -> None:
        self.page = page
        self.served = served
        self.faults: list[str] = []
        page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    def open(self, path: str) -> int:
        """Goes to a path of the hub; the status."""
        answer = self.page.goto(self.served.http + path)
        assert answer is not None
        return answer.status

    def sign_in(self, person: Person) -> None:
        """Fills in the form as the person does."""
        self.open("/login")
        self.page.get_by_label("Name").fill(person.name)
        self.page.get_by_label("Password").fill(person.password)
        self.page.get_by_role("main").get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(re.compile(r"^(?!.*/login).*$"))

    @property
    def overflow(self) -> int:
        """How many pixels the page is wider than its window."""
        found = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return int(found)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, started once for the tests of a file.

    Not for the session: while it is open an event loop runs in this thread, and no other can start.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program, "Chromium is not installed (Debian: apt-get install chromium)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_QUIET))
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium: Browser, served: Served) -> Iterator[Callable[..., Tab]]:
    """Makes a tab: width in pixels, scheme light or dark, with or without scripts."""
    contexts = []

    def make(*, width: int = 1280, scheme: str = "light", scripts: bool = True) -> Tab:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=scripts,
            locale="en-GB",
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        return Tab(context.new_page(), served)

    yield make
    for context in contexts:
        context.close()
