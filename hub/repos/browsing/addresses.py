"""Addresses of the pages at a spot. Names and paths are bytes, so that `url_for` cannot make these."""

import os
from typing import Final, Protocol
from urllib.parse import quote, urlencode

from hub.repos.browsing.spots import Spot

# The first words behind a repository's own address that go on with a ref and a path.
PAGES: Final = frozenset({"src", "raw", "media", "blame", "commits", "find"})


class Pathed(Protocol):
    """Whatever knows its repository's `owner/name`."""

    @property
    def path(self) -> str:
        """`owner/name`, as in addresses."""


def address_of(
    page: str, repository: Pathed, spot: Spot, *, path: bytes | str | None = None, **query: str | int | None
) -> str:
    """The address of one of the PAGES at the spot, or at another path of its commit.

    A path in text stands for its UTF-8. What is None in `query` is left out.
    """
    assert page in PAGES, page
    where = spot.path if path is None else path
    parts = [quote(repository.path), page, str(spot.kind), quote(os.fsencode(spot.name))]
    if where:
        parts.append(quote(where))
    return "/" + "/".join(parts) + _query(query)


def commit_address(repository: Pathed, commit_id: str, suffix: str = "", **query: str | int | None) -> str:
    """The address of a commit's page; `suffix` is `.patch` or `.diff` for its texts."""
    return f"/{quote(repository.path)}/commit/{commit_id}{suffix}" + _query(query)


def compare_address(
    repository: Pathed, base: str, head: str, *, dots: str = "...", **query: str | int | None
) -> str:
    """The address that compares two names or ids, each with surrogates for what is not UTF-8."""
    sides = dots.join(quote(os.fsencode(one), safe="/:") for one in (base, head))
    return f"/{quote(repository.path)}/compare/{sides}" + _query(query)


def archive_address(repository: Pathed, name: str, suffix: str) -> str:
    """The address of a branch, a tag or a commit as one file; `suffix` is `tar.gz`, `zip` or `bundle`."""
    return f"/{quote(repository.path)}/archive/{quote(os.fsencode(name))}.{suffix}"


def branch_feed_address(repository: Pathed, spot: Spot) -> str:
    """The address of the feed with the commits of a branch."""
    return f"/{quote(repository.path)}/atom/branch/{quote(os.fsencode(spot.name))}"


def _query(query: dict[str, str | int | None]) -> str:
    given = {name: value for name, value in query.items() if value is not None}
    return "?" + urlencode(given) if given else ""
