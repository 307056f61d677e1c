"""Which files are pictures that a browser shows: by what is in them, not by their names. Pure."""

import re
from typing import Final

MOST_BYTES: Final = 10 << 20
SNIFFED_BYTES: Final = 1_024
SVG: Final = "image/svg+xml"

_BEGINNINGS: Final = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
)
_SVG_BEGINS: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*|<!DOCTYPE svg[^>]*>\s*)*<svg[\s>]", re.DOTALL
)


def picture_type(name: bytes, beginning: bytes) -> str | None:
    """The media type of a picture that begins so, SNIFFED_BYTES of it; None for what is none."""
    found = next((kind for begins, kind in _BEGINNINGS if begins.match(beginning)), None)
    if found is None and name.lower().endswith(b".svg") and _SVG_BEGINS.match(beginning):
        return SVG
    return found
