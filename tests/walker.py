"""Follows the links of pages, each kind of page a few times, and looks at what every page must be."""

import re
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from flask import Flask
from werkzeug.test import TestResponse

from tests.visitor import Visitor

_ADDRESSES = {"a": "href", "link": "href", "img": "src", "script": "src"}
_SCHEMES = ("", "http", "https", "ssh", "mailto")
# Elements that run, frame or restyle; no page of ours has them, whatever it shows.
_NEVER = {"iframe", "object", "embed", "base", "style", "applet", "frame", "frameset", "math"}


@dataclass
class Page(HTMLParser):
    """What the source of one page holds: its links, its ids, and what should not be there."""

    url: str
    links: list[tuple[str, str]] = field(default_factory=list)
    """Addresses as they stand, each with the element's `rel`."""
    ids: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    title: str = ""
    _inside: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.counts[tag] += 1
        self._inside = tag
        if "id" in given:
            self.ids.append(given["id"])
        for name, value in given.items():
            self._look_at(tag, name, value)
        if tag in _NEVER or (tag == "script" and "src" not in given):
            self.faults.append(f"<{tag}>")
        address = given.get(_ADDRESSES.get(tag, ""))
        if address is not None:
            # A robot fetches what a page shows, whatever else it follows.
            self.links.append((address, given.get("rel", "") if tag == "a" else "nofollow"))

    def _look_at(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on") or name in ("style", "srcdoc", "formaction"):
            self.faults.append(f"<{tag} {name}>")
        if name in ("href", "src", "action", "xlink:href"):
            scheme = urlsplit(value).scheme if not value.startswith("data:image/") else ""
            if scheme not in _SCHEMES:
                self.faults.append(f"<{tag} {name}={value[:40]}>")

    def handle_data(self, data: str) -> None:
        if self._inside == "title" and not self.title:
            self.title = data.strip()

    def look(self) -> list[str]:
        """Everything wrong with the page by itself."""
        faults = [*self.faults]
        faults += [f"{self.counts[tag]} <{tag}>" for tag in ("h1", "main", "title") if self.counts[tag] != 1]
        faults += [] if self.title else ["no title"]
        faults += [f"id {one} twice" for one, count in Counter(self.ids).items() if count > 1]
        ends = {unquote(one[1:]) for one, _ in self.links if one.startswith("#")}
        # What a text of somebody's points to in itself is theirs to keep in order.
        nowhere = sorted(one for one in ends - {*self.ids, "", "top"} if not one.startswith("text-"))
        return faults + [f"nothing at #{one}" for one in nowhere]

    def followed(self, *words: str) -> list[str]:
        """The links below a repository at these words that robots are not told to leave alone."""
        pattern = re.compile(rf"/[^/]+/[^/]+/(?:{'|'.join(words)})/")
        return [one for one, rel in self.links if pattern.match(one) and "nofollow" not in rel.split()]


def read(url: str, answer: TestResponse) -> Page:
    """The page that the answer holds."""
    page = Page(url)
    page.feed(answer.text)
    page.close()
    return page


@dataclass
class Walk:
    """A walk by links from `start`: `kind_of` tells pages apart, `most` says how many of a kind are read."""

    visitor: Visitor
    kind_of: Callable[[str], str | None]
    """The kind of page at a path; None for what is not to be asked for."""
    most: Callable[[str], int]
    statuses: dict[str, int] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)
    found_on: dict[str, str] = field(default_factory=dict)

    def run(self, *starts: str) -> "Walk":
        """Walks until no page of a wanted kind is left."""
        waiting, seen, counts = deque(starts), set(starts), Counter[str]()
        while waiting:
            url = waiting.popleft()
            kind = self.kind_of(url)
            if kind is None or counts[kind] >= self.most(kind):
                continue
            counts[kind] += 1
            answer = self.visitor.get(url)
            self.statuses[url] = answer.status_code
            for link in self._links(url, answer):
                if link not in seen:
                    seen.add(link)
                    self.found_on[link] = url
                    waiting.append(link)
        return self

    def _links(self, url: str, answer: TestResponse) -> list[str]:
        if answer.status_code in (301, 302, 303, 307, 308):
            return [urldefrag(urljoin(url, answer.headers["Location"]))[0].removeprefix("http://localhost")]
        if answer.mimetype != "text/html":
            return []
        page = self.pages[url] = read(url, answer)
        whole = [urljoin(url, one) for one, _ in page.links]
        return [urldefrag(one)[0] for one in whole if re.match(r"/(?!/)", one)]


def kinds_of(app: Flask) -> Callable[[str], str | None]:
    """Tells pages apart by their endpoint."""
    adapter = app.url_map.bind("localhost")

    def kind_of(url: str) -> str | None:
        try:
            endpoint, _ = adapter.match(unquote(urlsplit(url).path))
        except Exception:  # noqa: BLE001  # a redirect or an error of routing is a kind of its own
            return "unrouted"
        return str(endpoint)

    return kind_of
