"""How much of a Markdown text is read: shapes that are known to take its readers long are told beforehand.

Each bound is far beyond what people write for readers. What gets past them ends by `hub.confined`.
"""

import re
from collections import Counter
from typing import Final

import comrak

_MOST_HTML: Final = 2 << 20
_MOST_TAGS: Final = 50_000
_MOST_ESCAPES: Final = 60_000
_DEEPEST: Final = 200
_MOST_CELLS: Final = 30_000
_MOST_NOTES: Final = 2_000
_LONGEST_WORD: Final = 4_000
_CONTAINERS: Final = re.compile(r"^(?:[ \t]*(?:>|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t]))){40}", re.MULTILINE)
_ANY_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_QUOTED: Final = re.compile(r'"[^"]*"')
_VOID: Final = frozenset({"br", "col", "hr", "img", "input", "source", "wbr"})
# The end of these is left out in old HTML, and the next one of their kind ends them.
_ENDED_BY_THE_NEXT: Final = frozenset({"dd", "dt", "li", "p", "td", "th", "tr"})


class TooIntricate(Exception):
    """The text is nested, or repeats itself, beyond what anybody writes for readers."""


def check_source(source: str) -> None:
    """Raises TooIntricate for a text whose lists and quotations are nested beyond measure."""
    if _CONTAINERS.search(source):
        raise TooIntricate


def check_html(html: str) -> None:
    """Raises TooIntricate for what a sanitiser takes long for: too much of it, or nested too deep."""
    if len(html) > _MOST_HTML or html.count("<") > _MOST_TAGS or html.count("&") > _MOST_ESCAPES:
        raise TooIntricate
    if _is_deep(html):
        raise TooIntricate


def extensions_for(source: str) -> comrak.ExtensionOptions:
    """What this text is read with: what would take long for it is left out."""
    options = comrak.ExtensionOptions()
    options.alerts = options.shortcodes = options.strikethrough = options.tasklist = True
    options.front_matter_delimiter = "---"
    # Each of these takes time that grows with the square of such texts.
    is_long = ")" * 50 in source or any(len(word) > _LONGEST_WORD for word in source.split())
    options.autolink = not is_long and source.count("xmpp:") <= 20
    options.table = _count_cells(source) <= _MOST_CELLS
    options.footnotes = source.count("[^") <= _MOST_NOTES
    return options


def _count_cells(source: str) -> int:
    """An upper bound of how many cells the tables have: a row has as many as its table, however short."""
    cells = columns = 0
    for line in source.split("\n"):
        if "-" in line and not line.strip(" \t>|:-"):
            columns = max(columns, line.count("|") + 1)
        elif not line.strip(" \t>"):
            columns = 0
        cells += columns
    return cells


def _is_deep(html: str) -> bool:
    """Whether elements are nested so deep that nh3 would take long: it looks at all that are open."""
    is_open: Counter[str] = Counter()
    first, *commented = html.split("<!--")
    seen = _QUOTED.sub("", first + "".join(one.partition("-->")[2] for one in commented))
    for match in _ANY_TAG.finditer(seen):
        ends, name = match.groups()
        if ends:
            is_open[name] = max(0, is_open[name] - 1)
        elif name not in _VOID and name not in _ENDED_BY_THE_NEXT:
            is_open[name] += 1
            if is_open[name] > _DEEPEST:
                return True
    return False
