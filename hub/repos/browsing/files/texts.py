"""The content of a file as text: in which encoding it was written, and how its lines end. Pure."""

import codecs
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hub.repos.git.trees import is_binary

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Invisible letters that turn around what follows them.
_DECEIVES: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
_MOST_REPLACED: Final = 0.02


class Ends(StrEnum):
    """How the lines of a text end."""

    FEED = "lf"
    BOTH = "crlf"
    RETURN = "cr"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class FileText:
    """A file's text, its lines ended by line feeds alone.

    `encoding` is UTF-8, or what the text was taken to be in; `is_whole` is false where bytes that are no
    letters of it were replaced. `has_last_feed` says whether the last line ends, too.
    """

    text: str
    encoding: str
    is_whole: bool
    ends: Ends
    has_last_feed: bool
    deceives: bool


def read_text(content: bytes) -> FileText | None:
    """The text that these bytes are; None for what is not text."""
    mark, encoding = next(((mark, name) for mark, name in _MARKS if content.startswith(mark)), (b"", "utf-8"))
    if encoding == "utf-8" and is_binary(content):
        return None
    text, encoding, is_whole = decode(content.removeprefix(mark), encoding)
    ends = _ends_of(text)
    text = text.replace("\r\n", "\n") if ends in (Ends.BOTH, Ends.MIXED) else text
    text = text.replace("\r", "\n") if ends is Ends.RETURN else text
    return FileText(
        text=text,
        encoding=encoding.upper(),
        is_whole=is_whole,
        ends=ends,
        has_last_feed=text.endswith("\n") or not text,
        deceives=not text.isascii() and _DECEIVES.search(text) is not None,
    )


def decode(content: bytes, encoding: str = "utf-8") -> tuple[str, str, bool]:
    """The text, the encoding that it was taken to be in, and whether all of it are letters of that."""
    try:
        return content.decode(encoding), encoding, True
    except UnicodeDecodeError:
        replaced = content.decode(encoding, "replace")
    # Some broken letters in a text of UTF-8 are shown as such; a text that is full of them is another one.
    others = len(replaced.encode("ascii", "ignore"))
    if encoding == "utf-8" and replaced.count("\ufffd") > _MOST_REPLACED * max(1, len(replaced) - others):
        return content.decode("latin-1"), "latin-1", True
    return replaced, encoding, False


def _ends_of(text: str) -> Ends:
    both = text.count("\r\n")
    feeds, returns = text.count("\n") - both, text.count("\r") - both
    if both and not feeds and not returns:
        return Ends.BOTH
    if returns and not both and not feeds:
        return Ends.RETURN
    return Ends.MIXED if both else Ends.FEED


def is_utf8(content: bytes) -> bool:
    """Whether these bytes, which may be the beginning of something longer, are UTF-8."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(content)
    except UnicodeDecodeError:
        return False
    return True
