"""What robots are asked to leave out, and that no link leads them there."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask

from hub.app import Hub
from hub.config import Config
from tests.odd_site import OddSite
from tests.sample import KeptSample, Sample

pytestmark = pytest.mark.reads

ASKED = (
    "/-/prove", "/admin", "/admin/people", "/login", "/settings/keys", "/sign-up", "/api/v1/version",
    "/anna?page=2", "/explore?sort=stars", "/anna/full/src/branch/main/a?lines=1-2",
    "/anna/full/archive/main.tar.gz", "/anna/full/blame/branch/main/a", "/anna/full/raw/branch/main/a",
    "/anna/full/media/branch/main/a", "/anna/full/commits/branch/main/a", "/anna/full/compare/a...b",
    "/anna/full/src/commit/0123456/a", "/anna/full/commit/0123456.patch", "/anna/full/commit/0123456.diff",
    "/anna/full/find/branch/main", "/anna/full/outline/branch/main/a", "/anna/full/symbol?q=a",
)  # fmt: skip
OPEN = (
    "/", "/explore", "/help/roles", "/anna", "/administrators-guide", "/anna/full", "/anna/full/branches",
    "/anna/full/src/branch/main", "/anna/full/src/branch/main/docs/a.md", "/anna/full/src/tag/v1/a",
    "/anna/full/commits/branch/main", "/anna/full/commit/0123456", "/anna/full/tags",
    "/anna/full/changes/1", "/anna/full/activity",
)  # fmt: skip


def disallowed(robots: str) -> re.Pattern[str]:
    """Addresses that these lines name; `*` stands for anything (RFC 9309, 2.2.3)."""
    lines = [line.removeprefix("Disallow: ") for line in robots.splitlines() if line.startswith("Disallow: ")]
    return re.compile("|".join(re.escape(line).replace(r"\*", ".*").replace(r"\$", "$") for line in lines))


@pytest.fixture(scope="module")
def robots(odd_site: OddSite) -> re.Pattern[str]:
    answer = odd_site.visitor().get("/robots.txt")
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.text.startswith("User-agent: *\n")
    return disallowed(answer.text)


@pytest.mark.parametrize("path", ASKED)
def test_robots_are_asked_to_leave_out(robots: re.Pattern[str], path: str) -> None:
    assert robots.match(path)


@pytest.mark.parametrize("path", OPEN)
def test_robots_may_read(robots: re.Pattern[str], path: str) -> None:
    assert not robots.match(path)


class Links(HTMLParser):
    """Where the links of a page lead that robots may follow."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.followed: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given and "nofollow" not in given.get("rel", "").split():
            self.followed.append(given["href"])


@pytest.fixture
def config(kept_sample: KeptSample, tmp_path: Path) -> Config:
    """The settings of a hub that has a copy of the sample."""
    return kept_sample.copy_to(tmp_path / "data")


@pytest.fixture
def sample(kept_sample: KeptSample, hub: Hub, app: Flask) -> Sample:
    return kept_sample.opened(hub, app)


def test_no_link_leads_robots_where_they_are_asked_not_to_go(sample: Sample, robots: re.Pattern[str]) -> None:
    """A link to blame, raw files, histories of files, sorted lists and the like has rel="nofollow"."""
    visitor, found = sample.visitor(), {}
    for path in sample.pages():
        if not robots.match(path):
            page = visitor.get(path)
            is_page = page.mimetype == "text/html" and page.status_code != 302
            links = Links(page.text).followed if is_page else []
            # What begins with "?" is the same page, told otherwise. Settings ask strangers to sign in.
            costly = {link for link in links if link.startswith("?") or robots.match(link)}
            wrong = sorted(link for link in costly if not link.startswith("/settings/"))
            if wrong:
                found[path] = wrong
    assert found == {}
