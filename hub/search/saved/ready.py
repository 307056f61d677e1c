"""Searches that everybody who is signed in has, without saving them."""

from dataclasses import dataclass
from typing import Final

from hub.errors import Text, text


@dataclass(frozen=True, slots=True)
class Ready:
    """A search and its name."""

    name: Text
    kind: str
    query: str
    order: str = ""


READY: Final = (
    Ready(text("Waiting for my review"), "changes", "is:open reviewer:me -has:unresolved", "waiting"),
    Ready(text("Open threads in my changes"), "changes", "is:open author:me has:unresolved", "updated"),
    Ready(text("My open changes"), "changes", "is:open author:me"),
    Ready(text("My commits of two weeks"), "commits", "author:me since:2w"),
)
