"""One immutable segment of the index of words as arrays, used again from generation to generation."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, takewhile
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from whoosh.codec.whoosh3 import W3LeafMatcher

from hub.search.words.schema import NUMBERS

Mask = NDArray[np.bool_]
Numbers = NDArray[np.uint64]
Rows = NDArray[np.int64]
Weights = NDArray[np.float32]
# The documents that have a term, in order, and how often each does.
Postings = tuple[Rows, Weights]

_MOST_TERMS: Final = 4096
_MOST_EXPANDED: Final = 1000


class WordSegment:
    """A segment: the numbers of its documents by name, and the postings of its terms."""

    _postings: dict[tuple[str, str], Postings]
    _numbers: Mapping[str, Numbers]

    def __init__(
        self, reader: Any, earlier: "WordSegment | None" = None
    ) -> None:  # a SegmentReader of Whoosh
        self._reader = reader
        self.count: int = reader.doc_count_all()
        if earlier is not None:
            self._numbers, self._postings = earlier._numbers, earlier._postings
        else:
            # All columns at once: a later commit may remove their files.
            self._numbers: Mapping[str, Numbers] = {
                name: _read_numbers(reader, name, code, self.count) for name, code in NUMBERS.items()
            }
            self._postings = {}
        self.has_deletions: bool = reader.has_deletions()
        self.live: Mask = np.ones(self.count, np.bool_)
        if self.has_deletions:
            self.live[list(reader.segment().deleted_docs())] = False

    def numbers(self, name: str) -> Numbers:
        """One number of each document: a column of `NUMBERS`."""
        return self._numbers[name]

    def postings(self, field: str, term: str) -> Postings:
        """The documents that have the term in that field, deleted ones among them."""
        key = (field, term)
        found = self._postings.get(key)
        if found is None:
            if len(self._postings) > _MOST_TERMS:
                self._postings.clear()
            found = self._postings[key] = _read_postings(self._open(field, term))
        return found

    def positions(self, field: str, term: str, documents: Iterable[int]) -> Iterator[set[int]]:
        """Where each of these documents, which are in order, has the term in that field."""
        matcher = self._open(field, term)
        for one in documents:
            if matcher is not None and matcher.is_active():
                matcher.skip_to(one)
            has_it = matcher is not None and matcher.is_active() and matcher.id() == one
            yield set(matcher.value_as("positions")) if has_it else set()

    def terms_that_begin(self, field: str, letters: str) -> list[str]:
        """The terms of that field that begin with these letters, the first of them."""
        begin = letters.encode()
        terms = takewhile(
            lambda one: one[0] == field and one[1].startswith(begin), self._reader.terms_from(field, begin)
        )
        return [one[1].decode() for one in islice(terms, _MOST_EXPANDED)]

    def _open(self, field: str, term: str) -> Any:  # a matcher of Whoosh, or None
        key = term.encode()
        return self._reader.postings(field, key) if (field, key) in self._reader else None


def _read_numbers(reader: Any, name: str, code: str, count: int) -> Numbers:
    found = np.zeros(count, np.uint64)
    if reader.has_column(name):
        column = reader.column_reader(name, translate=False)
        size = np.dtype(f">u{ {'B': 1, 'I': 4, 'Q': 8}[code] }")
        # As Whoosh's column lies on the disk; what is zero at its end is left out there.
        lying = np.frombuffer(bytes(column._dbfile.get(column._basepos, column._count * size.itemsize)), size)
        found[: len(lying)] = lying
    return found


def _read_postings(matcher: Any) -> Postings:  # a matcher of Whoosh, or None
    rows: list[int] = []
    weights: list[float] = []
    while matcher is not None and matcher.is_active():
        rows.append(matcher.id())
        weights.append(matcher.weight())
        if isinstance(matcher, W3LeafMatcher):
            # The whole block that was read for these two: to step through it takes ten times as long.
            rows[-1:], weights[-1:] = matcher._ids, matcher._weights
            matcher._next_block()
        else:
            matcher.next()
    return np.array(rows, np.int64), np.array(weights, np.float32)
