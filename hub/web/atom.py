"""Feeds in Atom 1.0 (RFC 4287): entries with ids that stay, written so that any text is well-formed XML."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

from flask import Response

from hub.web.request import base_url

_NAMESPACE: Final = "http://www.w3.org/2005/Atom"
# What XML 1.0 allows (section 2.2); no escape makes the others allowed.
_NO_CHARACTERS: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened; `address` is a path of the hub, `author` a name and never more than that."""

    entry_id: str
    title: str
    address: str
    at: datetime
    author: str
    content: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """What is told of one subject: its page, its own address, and since when it exists."""

    feed_id: str
    title: str
    page: str
    address: str
    since: datetime
    entries: Sequence[Entry]


def tag_uri(since: datetime, *parts: str | int) -> str:
    """An id that no renaming changes (RFC 4151): the host, a day on which the thing was its own, and ids."""
    host = urlsplit(base_url()).hostname or "localhost"
    path = "/".join(quote(str(part), safe="") for part in parts)
    return f"tag:{host},{since.astimezone(UTC).date().isoformat()}:{path}"


def answer(feed: Feed) -> Response:
    """The feed as an answer; who has it already is told so by the ETag that every answer gets."""
    return Response(_write(feed), content_type="application/atom+xml; charset=utf-8")


def _write(feed: Feed) -> bytes:
    root = ElementTree.Element("feed", {"xmlns": _NAMESPACE})
    updated = max((entry.at for entry in feed.entries), default=feed.since)
    for name, value in (("id", feed.feed_id), ("title", feed.title), ("updated", _moment(updated))):
        _add(root, name, value)
    _link(root, "self", feed.address)
    _link(root, "alternate", feed.page)
    for entry in feed.entries:
        _add_entry(root, entry)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _add_entry(root: ElementTree.Element, entry: Entry) -> None:
    made = ElementTree.SubElement(root, "entry")
    for name, value in (("id", entry.entry_id), ("title", entry.title), ("updated", _moment(entry.at))):
        _add(made, name, value)
    # An element without a name is not valid, and a name may be empty.
    _add(ElementTree.SubElement(made, "author"), "name", entry.author or "-")
    _link(made, "alternate", entry.address)
    if entry.content:
        _add(made, "content", entry.content).set("type", "text")


def _add(parent: ElementTree.Element, name: str, value: str) -> ElementTree.Element:
    made = ElementTree.SubElement(parent, name)
    made.text = _NO_CHARACTERS.sub("\ufffd", value)
    return made


def _link(parent: ElementTree.Element, relation: str, address: str) -> None:
    ElementTree.SubElement(parent, "link", {"rel": relation, "href": base_url() + address})


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat() + "Z"
