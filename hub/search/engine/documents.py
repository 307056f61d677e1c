"""A file as the index keeps it, and how likely it is meant before anything is known of the question. Pure."""

import re
from dataclasses import dataclass
from typing import Final

from hub.search.engine.symbols import languages_of, symbols_in, words_in_name

MAX_BYTES: Final = 2 << 20

_BINARY_WITHIN: Final = 8000
_LARGE: Final = 200_000
_HIGHEST: Final = 60
_LESS_LIKELY: Final = re.compile(
    rb"(?:^|/)(?:tests?|t|testing|vendor|third_party|node_modules|fixtures|examples?|locale|po|dist|build|docs?)"
    rb"(?:/|$)|\.(?:po|pot|min\.js|min\.css|map|lock|svg|json|txt|csv)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Document:
    """One file: a number that is never given again, its path and what it holds."""

    number: int
    path: bytes
    content: bytes

    def fields(self) -> dict[str, object]:
        """What Whoosh is given."""
        return {
            "code": stored_path(self.path) + b"\n" + self.content,
            "number": self.number,
            "prior": prior_of(self.path, len(self.content)),
            "symbol": symbols_in(self.path, self.content),
            "name": words_in_name(self.path),
            "language": languages_of(self.path, self.content),
        }


def stored_path(path: bytes) -> bytes:
    """The path as one line: a line feed in it becomes a NUL, which no path can hold."""
    return path.replace(b"\n", b"\0")


def path_of(stored: bytes) -> bytes:
    """The path that `stored_path` made this of."""
    return stored.replace(b"\0", b"\n")


def is_text(content: bytes) -> bool:
    """Whether it is something to search, as git tells text from what is none."""
    return len(content) <= MAX_BYTES and b"\0" not in content[:_BINARY_WITHIN]


def prior_of(path: bytes, size: int) -> int:
    """A number from 1 to 60: less for tests, data and what others wrote, for deep folders and large files."""
    is_less_likely = _LESS_LIKELY.search(path) is not None
    return max(1, _HIGHEST - 25 * is_less_likely - 3 * path.count(b"/") - 10 * (size > _LARGE))
