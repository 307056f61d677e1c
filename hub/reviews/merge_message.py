"""The message that is proposed for a merge: title and number, description, and who did what. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

MOST_MESSAGE: Final = 65_536
_TRAILER: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*: \S")


@dataclass(frozen=True, slots=True)
class MessageParts:
    """What the message is made of; people are written as in commits: `Name <address>`.

    `title` is empty where it was taken away.
    """

    number: int
    title: str
    description: str
    url: str
    change_key: str = ""
    reviewers: Sequence[str] = ()


def propose_message(parts: MessageParts) -> str:
    """The whole message, with its trailers in the last paragraph."""
    trailers = [f"Reviewed-by: {one}" for one in parts.reviewers]
    if parts.change_key.startswith("I"):
        trailers.append(f"Change-Id: {parts.change_key}")
    trailers.append(f"Link: {parts.url}")
    subject = f"{parts.title} (#{parts.number})" if parts.title else f"Change {parts.number}"
    body = parts.description.strip()
    return add_trailers(f"{subject}\n\n{body}" if body else subject, trailers)


def add_co_authors(message: str, people: Iterable[str]) -> str:
    """The message with everybody named who wrote a part of what is squashed, and is not named yet."""
    named = message.lower()
    missing = [one for one in dict.fromkeys(people) if f"co-authored-by: {one}".lower() not in named]
    return add_trailers(message, [f"Co-authored-by: {one}" for one in missing])


def add_trailers(message: str, trailers: Sequence[str]) -> str:
    """The message with these lines among its trailers, or as its first ones."""
    message = message.strip()
    if not trailers:
        return message
    head, _, last = message.rpartition("\n\n")
    has_some = bool(head) and all(_TRAILER.match(line) for line in last.split("\n"))
    return "\n".join([message if has_some else f"{message}\n", *trailers])
