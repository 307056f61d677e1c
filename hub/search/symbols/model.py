"""A symbol, and what a file defines. Pure."""

from dataclasses import dataclass
from typing import Final

LONGEST: Final = 200
MOST_IN_FILE: Final = 5_000

# Parts of what is listed: an outline would be longer than the file.
_PARTS: Final = frozenset({"member", "enumerator", "field", "property", "local", "parameter"})


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name that a file defines at a line, counted from 1. `kind` is a word such as function or class.

    `scope` is what it is defined in, where that is known.
    """

    name: str
    line: int
    kind: str
    scope: str = ""

    @property
    def is_part(self) -> bool:
        """Whether it is a part of something that is listed itself, such as a field of a type."""
        return self.kind in _PARTS or (self.kind in ("variable", "constant") and bool(self.scope))


@dataclass(frozen=True, slots=True)
class Outline:
    """What a file defines, in the order of lines; `is_parsed`: by a program that knows the language."""

    symbols: tuple[Symbol, ...]
    is_parsed: bool
