"""The fields of the index of words: stock postings with positions for texts, and numbers in columns."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from whoosh import columns, fields

# Grows with whatever makes an index of before unreadable or wrong; one of another version is made anew.
VERSION: Final = 1

# The fields that are searched, and how much a word in them counts.
BOOSTS: Final[Mapping[str, float]] = {"title": 3.0, "names": 3.0, "body": 1.0}

Places = Mapping[str, Sequence[int]]


class Words(fields.TEXT):  # type: ignore[misc]  # Whoosh has no types
    """Terms with their positions, as Whoosh keeps those of a text, from a text that was analysed before."""

    def __init__(self) -> None:
        super().__init__(phrase=True)

    def index(self, value: Places, **_: object) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Each term with how often it occurs and where."""
        for term, places in value.items():
            yield term.encode(), len(places), float(len(places)), self.format.encode(places)

    def to_bytes(self, term: str | bytes) -> bytes:
        """A term as it is kept."""
        return term.encode() if isinstance(term, str) else term


def _numbers(typecode: str) -> Any:  # a field of Whoosh
    return fields.COLUMN(columns.NumericColumn(typecode))


# `kind` and `row` name a document. `unit` is what it is indexed and dropped with, at its `stamp`; `digest` is
# of what the document says; `at` are seconds.
NUMBERS: Final[Mapping[str, str]] = {
    "kind": "B",
    "row": "Q",
    "repository": "Q",
    "unit": "Q",
    "stamp": "Q",
    "digest": "Q",
    "at": "Q",
    **{f"{field}_length": "I" for field in BOOSTS},
}

SCHEMA: Final = fields.Schema(
    **{field: Words() for field in BOOSTS}, **{name: _numbers(code) for name, code in NUMBERS.items()}
)
