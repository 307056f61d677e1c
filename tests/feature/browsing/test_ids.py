"""Ids that a viewer may not see answer like ids that nobody has: on every page that takes one.

An attacker knows an id from a notification, a log or a fork, and asks for it wherever an id is taken. What
tells them that it exists, an answer that is longer, later or otherwise coded, is a leak by itself.
"""

import re
from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from tests.odd_site import OddSite

pytestmark = pytest.mark.xdist_group("walk")

UNKNOWN = "0123456789abcdef0123456789abcdef01234567"

# Every address below a repository that an id may stand in; a new one is added here (see the last test).
ADDRESSES = {
    "repos.show_source": ("/src/commit/{id}", "/src/commit/{id}/README.md", "/src/commit/{id}/no/such"),
    "repos.show_raw": (
        "/raw/commit/{id}/README.md",
        "/media/commit/{id}/README.md",
        "/raw/commit/{id}/no/such",
    ),
    "repos.show_blame": ("/blame/commit/{id}/README.md", "/blame/commit/{id}/README.md?w=1"),
    "repos.list_commits": ("/commits/commit/{id}", "/commits/commit/{id}/README.md"),
    "repos.download": ("/archive/{id}.zip", "/archive/{id}.tar.gz", "/archive/{id}.bundle"),
    "repos.show_commit": ("/commit/{id}", "/commit/{id}?whitespace=ignore"),
    "repos.commit_text": ("/commit/{id}.patch", "/commit/{id}.diff"),
    "repos.compare": (
        "/compare/{id}...main",
        "/compare/main...{id}",
        "/compare/main..{id}",
        "/compare/{id}",
        "/compare/main...anna:{id}",
        "/compare/eve:{id}...main",
        "/compare/main..{id}.diff",
        "/compare/main...{id}.patch",
    ),
    "repos.find_file": ("/find/commit/{id}", "/find/commit/{id}?q=readme"),
    "search.show_outline": ("/outline/commit/{id}/README.md",),
    "repos.go_to_ref": ("/src?ref={id}", "/src?ref={id}&page=commits"),
}
# Where no id is shown: nothing lies there, eve has no such repository, and a bundle is of a branch or a tag,
# for git has no other way to name what is in it.
NOTHING_AT = re.compile(r"/no/such|eve:|\.bundle")
TOKEN = re.compile(rb'(?<=name="csrf_token" value=")[\w=-]{44}')


def hidden_ids(site: OddSite) -> dict[str, tuple[str, str]]:
    """Repository and id: of a hidden ref, a deleted branch, a fork's private origin, a private repository."""
    return {
        "hidden ref": ("anna/odd", site.odd.commits["hidden"]),
        "deleted branch": ("anna/odd", site.odd.commits["deleted"]),
        "private origin": ("bo/fork", site.of_origin),
        "private repository": ("anna/odd", site.of_origin),
    }


def forms_of(commit_id: str) -> Iterator[tuple[str, str]]:
    """The id in full and cut short, with the unknown id in the same form."""
    for length in (40, 9):
        yield commit_id[:length], UNKNOWN[:length]


def without_id(answer: TestResponse, asked: str) -> tuple[int, bytes, dict[str, str]]:
    skipped = ("Date", "ETag", "X-Request-Id")
    body = TOKEN.sub(b"TOKEN", answer.data).replace(asked.encode(), b"ID")
    body = re.sub(rb"\b%s\b" % asked[:8].encode(), b"SHORT", body)
    headers = {name: value.replace(asked, "ID") for name, value in answer.headers if name not in skipped}
    return answer.status_code, body, headers


@pytest.mark.parametrize("who", [None, "anna", "bo"])
def test_ids_that_may_not_be_seen_answer_like_unknown_ones(odd_site: OddSite, who: str | None) -> None:
    visitor, differ = odd_site.visitor(who), {}
    for why, (path, commit_id) in hidden_ids(odd_site).items():
        for address in [one for addresses in ADDRESSES.values() for one in addresses]:
            if who == "bo" and why == "private origin" and "anna:" in address:
                continue  # he may read the origin, and asks for it by its name
            for asked, unknown in forms_of(commit_id):
                veiled = visitor.get(f"/{path}{address.format(id=asked)}")
                missing = visitor.get(f"/{path}{address.format(id=unknown)}")
                if without_id(veiled, asked) != without_id(missing, unknown) or veiled.status_code != 404:
                    differ[f"{why}: {address} {asked}"] = (veiled.status_code, missing.status_code)
    assert differ == {}


def test_ids_that_may_be_seen_are_shown(odd_site: OddSite) -> None:
    """So that a hub which refuses every id does not pass."""
    anna = odd_site.visitor("anna")
    shown = [one for addresses in ADDRESSES.values() for one in addresses if not NOTHING_AT.search(one)]
    for address in shown:
        for commit_id in (odd_site.odd.tip, odd_site.odd.commits["root"]):
            answer = anna.get(f"/anna/odd{address.format(id=commit_id)}")
            assert answer.status_code in (200, 302), address


def test_every_address_that_takes_an_id_is_among_them(odd_site: OddSite) -> None:
    names = {"rest", "archive", "commit_id", "sha", "id", "commit", "comparison", "ref", "spec"}
    taking = {
        rule.endpoint
        for rule in odd_site.app.url_map.iter_rules()
        if {"owner", "name"} <= rule.arguments and (rule.arguments - {"owner", "name"}) & names
    }
    assert taking <= ADDRESSES.keys()
