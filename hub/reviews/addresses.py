"""Addresses of the pages of changes."""

from typing import Protocol
from urllib.parse import quote, urlencode


class Pathed(Protocol):
    """Whatever knows its repository's `owner/name`."""

    @property
    def path(self) -> str:
        """`owner/name`, as in addresses."""


def change_address(
    repository: Pathed, number: int, page: str = "", *, at: str = "", **query: str | int | None
) -> str:
    """The address of a change, or of a page below it: `files/2`; `.patch` is its text.

    `at` is the id of an element there. What is None in `query` is left out.
    """
    below = page if not page or page.startswith(".") else f"/{page}"
    given = {name: value for name, value in query.items() if value is not None}
    asked = f"?{urlencode(given)}" if given else ""
    return f"/{quote(repository.path)}/changes/{number}{quote(below)}{asked}" + (
        f"#{quote(at)}" if at else ""
    )
