"""Markdown as HTML that is safe to put into a page: comrak reads it, nh3 leaves what is harmless.

Pure, in two steps. `to_html` is the same wherever the text stands, so that it is worth keeping; `with_links`
then leads relative links and pictures to the files they mean. What strangers wrote goes through
`hub.confined`, which ends what takes too long; shapes that are known to take long are refused at once.
"""

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Final
from urllib.parse import quote, unquote, unquote_to_bytes

import comrak
import nh3
from markupsafe import Markup

from hub import highlight
from hub.markup_limits import check_html, check_source, extensions_for

# Part of the key of whatever is kept of this: a change of what is written here makes another number.
VERSION: Final = 2
MOST_BYTES: Final = 512 << 10
_ALIGNED: Final = {"center": "centered", "right": "ended"}
# Before every id of the text, so that none is the page's own.
PREFIX: Final = "text-"

# Code beyond this many letters, and what a slow lexer does not reach in this time of work, stays plain.
_MOST_INKED: Final = 100_000
_INK_SECONDS: Final = 0.2
_ENDINGS: Final = (".md", ".markdown", ".mdown", ".mkd", ".mkdn")

_ID: Final = re.compile(r' id="([^"]*)"')
_WITHIN: Final = re.compile(r'<a href="#([^"]+)"')

# --- what is left ------------------------------------------------------------------------------------------

_HEADINGS: Final = {"h1": "h2", "h2": "h3", "h3": "h4", "h4": "h5", "h5": "h6", "h6": "h6"}
_TAGS: Final = {
    "a", "abbr", "b", "bdi", "blockquote", "br", "caption", "cite", "code", "dd", "del", "details",
    "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
    "i", "img", "input", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s",
    "samp", "section", "small", "span", "strike", "strong", "sub", "summary", "sup", "table", "tbody",
    "td", "tfoot", "th", "thead", "time", "tr", "tt", "u", "ul", "var", "wbr",
}  # fmt: skip
_ATTRIBUTES: Final[dict[str, set[str]]] = {
    "*": {"id"},
    "a": {"href", "name", "title"},
    "abbr": {"title"},
    "code": {"class"},
    "details": {"open"},
    "div": {"align", "class"},
    "img": {"align", "alt", "height", "src", "title", "width"},
    "input": {"checked", "type"},
    "li": {"class", "value"},
    "ol": {"reversed", "start"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
    **{one: {"align"} for one in ("h1", "h2", "h3", "h4", "h5", "h6", "p")},
}
_VALUES: Final = {
    "align": re.compile(r"left|right|center"),
    "checked": re.compile(""),
    "colspan": re.compile(r"[1-9]\d?"),
    "rowspan": re.compile(r"[1-9]\d?"),
    "scope": re.compile(r"col|row"),
    "height": re.compile(r"\d{1,4}(?:px|%)?"),
    "width": re.compile(r"\d{1,4}(?:px|%)?"),
    "open": re.compile(""),
    "reversed": re.compile(""),
    "start": re.compile(r"-?\d{1,9}"),
    "value": re.compile(r"-?\d{1,9}"),
}
_GONE_WITH_CONTENT: Final = {
    "audio", "embed", "iframe", "math", "noscript", "object", "script", "select", "style", "svg", "template",
    "textarea", "title", "video",
}  # fmt: skip
_CLEANER: Final = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags=_GONE_WITH_CONTENT,
    attributes=_ATTRIBUTES,
    link_rel=None,
    url_schemes={"http", "https", "mailto", "data"},
    id_prefix=PREFIX,
)

# nh3 writes each tag in this one way.
_TAG: Final = re.compile(r'<(/?)([a-z][a-z0-9]*)((?: [^\s"=<>/]+="[^"]*")*)>')
_ATTRIBUTE: Final = re.compile(r' ([^\s"=<>/]+)="([^"]*)"')
_CODE_BLOCK: Final = re.compile(r'<pre><code(?: class="language-([^"]*)")?>([^<]*)</code></pre>')
_PICTURE_DATA: Final = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*")
_SCHEME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//")
# What `with_links` looks for stands nowhere else: in text and in values each < is escaped.
_TARGET: Final = re.compile(r'<(a href|img src)="([^"]*)"')
_LINE: Final = re.compile(r"L\d+(?:-L?\d+)?")
_NO_SLUG: Final = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text stands: its folder, and how a path of the same tree is addressed."""

    folder: bytes
    page: Callable[[bytes], str]
    raw: Callable[[bytes], str]


def is_markdown(file_name: str) -> bool:
    """Whether a file of this name is shown as what its Markdown means."""
    return file_name.lower().endswith(_ENDINGS)


def to_html(text: str, *, has_inks: bool = True) -> str:
    """The HTML of a text of at most MOST_BYTES, its links as they were written; raises TooIntricate.

    Headings begin at h2. Without `has_inks` code stays plain.
    """
    source = text.replace("\r\n", "\n")
    check_source(source)
    html = comrak.render_markdown(source, extensions_for(source), comrak.ParseOptions(), _rendering())
    check_html(html)
    return _without_dead_ends(_Writer(has_inks).write(_CLEANER.clean(html)))


def _without_dead_ends(html: str) -> str:
    """The HTML without links to places that are not in it, such as a note that was never written."""
    ids = set(_ID.findall(html))
    return _WITHIN.sub(lambda link: link[0] if unquote(link[1]) in ids or link[1] in ids else "<a", html)


def _rendering() -> comrak.RenderOptions:
    options = comrak.RenderOptions()
    options.unsafe_ = True  # nh3 decides what is safe, also of HTML in the text
    options.tasklist_classes = True
    return options


# --- writing it anew -------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Writer:
    """Writes what nh3 left once more: each tag from what is known of it, with ids, inks and pictures."""

    has_inks: bool
    out: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    next_numbers: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    links: int = 0
    heading: int | None = None
    inked: int = 0
    inks_end_at: float = field(default_factory=lambda: time.process_time() + _INK_SECONDS)

    def write(self, html: str) -> str:
        position = 0
        for match in _CODE_BLOCK.finditer(html):
            self._write_part(html[position : match.start()])
            self._write_code(match[1], unescape(match[2]))
            position = match.end()
        self._write_part(html[position:])
        return "".join(self.out)

    def _write_part(self, html: str) -> None:
        position = 0
        for match in _TAG.finditer(html):
            self.out.append(html[position : match.start()])
            ends, tag, attributes = match.groups()
            if ends:
                self._end(tag)
            else:
                self._begin(tag, {name: unescape(value) for name, value in _ATTRIBUTE.findall(attributes)})
            position = match.end()
        self.out.append(html[position:])

    def _write_code(self, word: str | None, code: str) -> None:
        self.inked += len(code)
        has_inks = word and self.has_inks and self.inked <= _MOST_INKED
        language = highlight.language_named(unescape(word).split(",")[0]) if word and has_inks else None
        lines = highlight.highlight(code, language, seconds=self.inks_end_at - time.process_time())
        self.out += ['<pre tabindex="0"><code>', "\n".join(lines), "\n</code></pre>"]

    def _begin(self, tag: str, given: dict[str, str]) -> None:
        kept = _aligned({name: value for name, value in given.items() if _is_kept(name, value)})
        if tag in _HEADINGS:
            self.out += ['<div class="heading">', _tag(_HEADINGS[tag], kept)]
            self.heading = len(self.out) - 1
        elif tag == "a":
            self.links += 1
            self.out.append(_tag("a", _of_link(given)))
        elif tag == "img":
            self._write_picture(given, kept)
        elif tag == "input":
            is_box = given.get("type") == "checkbox"
            self.out.append("" if not is_box else "☑" if "checked" in given else "☐")
        elif tag == "table":
            # What is too wide scrolls by itself, also with keys.
            self.out.append(f'<div class="scrolled" tabindex="0">{_tag(tag, kept)}')
        elif tag == "pre":
            self.out.append(_tag(tag, {**kept, "tabindex": "0"}))
        else:
            self.out.append(_tag(tag, _with_class(kept, _class_of(given.get("class", "")))))

    def _end(self, tag: str) -> None:
        self.links -= tag == "a"
        self.out.append(f"</{_HEADINGS.get(tag, tag)}>")
        if tag in _HEADINGS:
            self._end_heading()
            self.out.append("</div>")
        elif tag == "table":
            self.out.append("</div>")

    def _end_heading(self) -> None:
        """Gives the heading an id, by its words, and beside it a link to it."""
        start, self.heading = self.heading, None
        if start is None or self.links:  # a heading in a heading, or in a link
            return
        opening = self.out[start]
        words = unescape(re.sub(r"<[^>]*>", "", "".join(self.out[start + 1 :])))
        given = re.search(r' id="([^"]*)"', opening)
        name = given[1] if given is not None else escape(self._new_id(words))
        if given is None:
            self.out[start] = f'{opening[:-1]} id="{name}">'
        # Its name is the heading's text: no word that would have to be translated.
        self.out.append(f'<a class="anchor" href="#{name}" aria-labelledby="{name}">#</a>')

    def _new_id(self, words: str) -> str:
        base = PREFIX + _NO_SLUG.sub("", words.strip().lower()).replace(" ", "-")[:200]
        found = base
        while found in self.ids:
            self.next_numbers[base] += 1
            found = f"{base}-{self.next_numbers[base]}"
        self.ids.add(found)
        return found

    def _write_picture(self, given: dict[str, str], kept: dict[str, str]) -> None:
        """A picture of the repository's own; one from elsewhere as its words: no page asks other hosts."""
        source, words = given.get("src", ""), given.get("alt", "").strip()
        fallback = source.rpartition("/")[2].partition("?")[0][:100]
        if _PICTURE_DATA.fullmatch(source) or not _SCHEME.match(source):
            shown = words or (fallback if self.links and not source.startswith("data:") else "")
            more = {name: value for name, value in kept.items() if name not in ("id", "class")}
            self.out.append(_tag("img", {"src": source, "alt": shown, **more, "loading": "lazy"}))
        elif source.startswith("data:"):
            self.out.append(escape(words))
        elif self.links:
            self.out.append(escape(words or fallback))
        else:
            self.out.append(_tag("a", _of_link({"href": source})) + escape(words or fallback) + "</a>")


def _is_kept(name: str, value: str) -> bool:
    if name in _VALUES:
        return _VALUES[name].fullmatch(value) is not None
    return name in ("id", "title")


def _of_link(given: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in given.items() if name in ("title", "id")}
    if "name" in given and "id" not in kept:
        kept["id"] = PREFIX + given["name"]
    href = given.get("href")
    if href is None or href.lower().startswith("data:"):
        return kept
    if href.startswith("#"):
        return {"href": _prefixed(href[1:]), **kept}
    return {"href": href, **kept, "rel": "nofollow noopener"}


def _prefixed(fragment: str) -> str:
    return "#" + (fragment if not fragment or fragment.startswith(PREFIX) else PREFIX + fragment)


def _class_of(given: str) -> str:
    names = given.split()
    return "task" if "task-list-item" in names else "alert" if "markdown-alert" in names else ""


def _aligned(kept: dict[str, str]) -> dict[str, str]:
    """The attributes with a class instead of `align`, which HTML knows no more."""
    rest = {name: value for name, value in kept.items() if name != "align"}
    return _with_class(rest, _ALIGNED.get(kept.get("align", ""), ""))


def _with_class(kept: dict[str, str], name: str) -> dict[str, str]:
    names = " ".join(one for one in (kept.get("class", ""), name) if one)
    return {**kept, "class": names} if names else kept


def _tag(name: str, attributes: dict[str, str]) -> str:
    return "".join((f"<{name}", *(f' {one}="{escape(value)}"' for one, value in attributes.items()), ">"))


# --- where links lead ---------------------------------------------------------------------------------------


def with_links(html: str, place: Place) -> Markup:
    """What `to_html` made, its relative links and pictures leading to the files of the tree they stand in.

    What leads out of the tree leads nowhere.
    """

    def lead(match: re.Match[str]) -> str:
        what, target = match[1], unescape(match[2])
        if not target or target.startswith("#") or _SCHEME.match(target):
            return match[0]
        address = _address(target, place, is_picture=what == "img src")
        return f"<{what.partition(' ')[0]}" if address is None else f'<{what}="{escape(address)}"'

    return Markup(_TARGET.sub(lead, html))  # noqa: S704  # this is what was made safe above


def _address(target: str, place: Place, *, is_picture: bool) -> str | None:
    where, _, fragment = target.partition("#")
    path = find_path(where.partition("?")[0], place.folder)
    if path is None:
        return None
    if is_picture:
        return place.raw(path)
    if not fragment:
        return place.page(path)
    is_text = is_markdown(path.decode("utf-8", "replace")) and not _LINE.fullmatch(fragment)
    return place.page(path) + (_prefixed(fragment) if is_text else f"#{quote(fragment, safe='%-._~')}")


def find_path(written: str, folder: bytes) -> bytes | None:
    """The path that a relative link names, written in a file of that folder; None for one that leads out.

    A slash at its beginning is the root of the tree.
    """
    path = unquote_to_bytes(written)
    return join_path(b"" if path.startswith(b"/") else folder, path)


def join_path(folder: bytes, path: bytes) -> bytes | None:
    """The path from the root of a tree that `path` is in that folder; None for one that leads out of it."""
    parts = _parts(folder.split(b"/"))
    for part in _parts(path.split(b"/")):
        if part != b"..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            return None
    return None if b"\0" in path else b"/".join(parts)


def _parts(split: Iterable[bytes]) -> list[bytes]:
    return [one for one in split if one not in (b"", b".")]
