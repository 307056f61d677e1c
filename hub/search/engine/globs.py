"""What is written after `path:`, `file:` and `repo:`: a part of the name, or a glob. Pure."""

import re
from typing import Final

import re2

_ENDS: Final = re.compile(r"(?:\*\*/)?\*([^*?/](?:[^*?]*[^*?/])?)")
_IS_BELOW: Final = re.compile(r"(/?[^*?]+/)(?:\*\*)?")
_SPECIAL: Final = re.compile(r"\*\*/|\*\*|\*|\?|[^*?]+")
_AS_REGEX: Final = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def is_glob(value: str) -> bool:
    """Whether it holds a character that stands for others."""
    return "*" in value or "?" in value


def line_of(value: str) -> bytes:
    """What says the same of a path as the glob, as a part of it between a slash and a line feed.

    Of globs about how names end, and about what is below a folder; empty for others. In small letters.
    """
    if not value.isascii():
        return b""
    folded = value.lower().encode()
    if ends := _ENDS.fullmatch(value):
        return folded[ends.start(1) :] + b"\n"
    if below := _IS_BELOW.fullmatch(value):
        return (b"\n" if value.startswith("/") else b"/") + folded[: below.end(1)]
    return b""


def glob_regex(value: str) -> str:
    """The expression of RE2 for a glob over paths.

    `*` and `?` stand for what is in one folder, `**` for folders as well. A glob is about the end of a path,
    from the beginning of a folder's or the file's name on; one that begins with a slash is about all of it.
    """
    begin, value = ("^", value[1:]) if value.startswith("/") else ("(?:^|/)", value)
    parts = (_AS_REGEX.get(one) or re2.escape(one) for one in _SPECIAL.findall(value))
    # Everything in a folder is what the folder's name and a slash say.
    return begin + "".join(parts) + ("" if value.endswith("/") else "$")
