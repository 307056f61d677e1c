"""The documents of a segment that may match, how promising each is, and the reading that tells which do.

The filter names blocks; a document is a candidate when each pattern has a block in it. What may be seen and
the path are applied before any text is read, so that nothing of what is hidden can be counted or timed.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hub.search.engine.column import LAP, CodeReader, Numbers
from hub.search.engine.patterns import Pattern, Span
from hub.search.engine.segments import Documents, Mask, Segment

DEFINES: Final = 60.0
NAMED: Final = 30.0
TOGETHER: Final = 20.0
_WHOLE_WORD_END: Final = 4.0
_SAME_CASE: Final = 3.0
_EVERYTHING: Final = 1 << 62
_FOR_EVER: Final = 1e9
_LINE: Final = 10
_SOME: Final = 256
_WORD_CHARACTERS: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_NONE: Final = np.empty(0, np.int32)


@dataclass(frozen=True, slots=True)
class PathTest:
    """A pattern that the path of a document has to hold, or must not."""

    pattern: Pattern
    is_excluded: bool = False


@dataclass(frozen=True, slots=True)
class TermTest:
    """Terms of a field of the schema, of which a document has to have one, or must not."""

    field: str
    terms: tuple[bytes, ...]
    is_excluded: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched: a document holds every pattern and none of `without`, and passes every test."""

    patterns: tuple[Pattern, ...]
    without: tuple[Pattern, ...] = ()
    paths: tuple[PathTest, ...] = ()
    terms: tuple[TermTest, ...] = ()


class Budget:
    """How much text may be read for one answer, and for how long."""

    def __init__(self, *, most_bytes: int = _EVERYTHING, seconds: float = _FOR_EVER) -> None:
        self._bytes, self._ends_at = most_bytes, time.monotonic() + seconds

    def spend(self, size: int) -> None:
        """Notes what was read."""
        self._bytes -= size

    @property
    def is_spent(self) -> bool:
        """Whether nothing more may be read."""
        return self._bytes < 0 or time.monotonic() > self._ends_at


@dataclass(slots=True)
class Read:
    """What reading found: the score of each document that matches, and where each pattern stands in it."""

    scores: dict[int, float]
    spans: dict[int, list[Span]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Blocks:
    """The blocks in which a pattern may stand, and the document of each."""

    numbers: Numbers
    documents: NDArray[np.int32]


class Candidates:
    """The candidates of one segment, in order; `promise` is how likely each is meant."""

    def __init__(self, segment: Segment, wanted: Wanted, mask: Mask | None, *, is_ranked: bool) -> None:
        self.segment, self.wanted = segment, wanted
        self._order: list[int] = []
        self.documents: Documents = _NONE
        self.promise: NDArray[np.float32] = np.empty(0, np.float32)
        if segment.code is None:
            return
        words = [segment.code.words_for(one.plan) for one in wanted.patterns]
        self._blocks = [_blocks(segment.code, segment.code.blocks_in(one)) for one in words]
        # The rarest first: it leaves the fewest for the others.
        self._order = sorted(range(len(words)), key=lambda at: len(self._blocks[at].numbers))
        self.documents = self._choose(segment.code, mask)
        if is_ranked and len(self.documents):
            known = [one for one in words if one is not None]
            together = np.bitwise_and.reduce(known, axis=0) if 1 < len(words) == len(known) else None
            self._rank(segment.code, together)

    def _choose(self, code: CodeReader, mask: Mask | None) -> Documents:
        chosen = np.arange(code.count, dtype=np.int32)
        for at, blocks in enumerate(self._blocks[one] for one in self._order):
            if at == 0:
                chosen = _distinct(blocks.documents)
            elif len(chosen):
                has_it = np.zeros(code.count, np.bool_)
                has_it[blocks.documents] = True
                chosen = chosen[has_it[chosen]]
        for allowed in (mask, self.segment.live):
            if allowed is not None:
                chosen = chosen[allowed[chosen]]
        return self._filter(chosen)

    def _filter(self, chosen: Documents) -> Documents:
        for one in self.wanted.terms:
            if len(chosen):
                having = [self.segment.documents_with(one.field, term) for term in one.terms]
                has_it = np.isin(chosen, np.concatenate(having))
                chosen = chosen[~has_it if one.is_excluded else has_it]
        for test in self.wanted.paths:
            if len(chosen):
                has_it = self.segment.has_path(test.pattern, chosen)
                chosen = chosen[~has_it if test.is_excluded else has_it]
        return chosen

    def _rank(self, code: CodeReader, together: NDArray[np.uint64] | None) -> None:
        self.promise = self.segment.prior[self.documents]
        for one in self.wanted.patterns:
            if one.word:
                self._add(self.segment.documents_with("symbol", one.word), DEFINES)
                self._add(self.segment.documents_with("name", one.word), NAMED)
        if together is not None:
            self._add(_distinct(code.documents[code.blocks_in(together)]), TOGETHER)

    def _add(self, documents: Numbers | Documents, weight: float) -> None:
        places = np.searchsorted(self.documents, documents)
        is_inside = places < len(self.documents)
        places, documents = places[is_inside], documents[is_inside]
        self.promise[places[self.documents[places] == documents]] += weight

    def read(
        self, documents: Documents, promise: Sequence[float], budget: Budget, *, most_spans: int
    ) -> Read:
        """Reads the text of these candidates; `most_spans` is how many places of each pattern are wanted.

        With one, only whether a document matches is found out. A document that the budget did not suffice for
        does not match.
        """
        code = self.segment.code
        assert code is not None, "a segment without text has no candidates"
        found = Read(dict(zip(documents.tolist(), promise, strict=True)))
        for at in self._order:
            pattern, blocks = self.wanted.patterns[at], self._blocks[at].numbers
            wanted = _of_documents(code, blocks, documents)
            counts = self._read_one(pattern, wanted, found, budget, most_spans)
            if len(counts) < len(found.scores):
                found.scores = {one: score for one, score in found.scores.items() if one in counts}
                documents = np.array(sorted(found.scores), np.int32)
            if not found.scores:
                return found
        for pattern in self.wanted.without:
            blocks = _of_documents(code, code.blocks_in(code.words_for(pattern.plan)), documents)
            counts = self._read_one(pattern, blocks, Read(found.scores), budget, 1)
            found.scores = {one: score for one, score in found.scores.items() if one not in counts}
            documents = np.array(sorted(found.scores), np.int32)
        return found

    def _read_one(
        self, pattern: Pattern, blocks: Numbers, found: Read, budget: Budget, most_spans: int
    ) -> dict[int, int]:
        """How often the pattern stands in each document where it does."""
        code = self.segment.code
        assert code is not None, "a segment without text has no candidates"
        counts: dict[int, int] = {}
        buffer, base, scores = code.buffer, code.base, found.scores
        places = zip(
            code.starts[blocks].tolist(),
            code.starts[blocks + 1].tolist(),
            code.documents[blocks].tolist(),
            strict=True,
        )
        for start, stop, document in places:
            so_far = counts.get(document, 0)
            if so_far >= most_spans or document not in scores:
                continue
            begin, end = start + base, stop + base
            # A line that was cut goes on in the next block.
            text = buffer[begin : end if buffer[end - 1] == _LINE else end + LAP]
            budget.spend(len(text))
            if budget.is_spent:
                break
            spans = pattern.spans_in(text, most_spans - so_far)
            if not spans:
                continue
            counts[document] = so_far + len(spans)
            if most_spans > 1:
                places_found = found.spans.setdefault(document, [])
                places_found += [(begin + first, begin + last) for first, last in spans]
                if so_far == 0 and pattern.word:
                    scores[document] += _evidence(text, spans[0], pattern)
        return counts


def _evidence(text: bytes, span: Span, pattern: Pattern) -> float:
    begin, end = span
    starts = begin == 0 or text[begin - 1] not in _WORD_CHARACTERS
    ends = end >= len(text) or text[end] not in _WORD_CHARACTERS
    is_same = text[begin:end] == pattern.raw
    return _WHOLE_WORD_END * (starts + ends) + _SAME_CASE * is_same


def _blocks(code: CodeReader, numbers: Numbers) -> _Blocks:
    return _Blocks(numbers, code.documents[numbers])


def _of_documents(code: CodeReader, blocks: Numbers, documents: Documents) -> Numbers:
    """Those of the blocks that are of these documents."""
    if len(documents) < _SOME:
        begins = np.searchsorted(blocks, code.first_blocks[documents]).tolist()
        ends = np.searchsorted(blocks, code.first_blocks[documents + 1]).tolist()
        parts = [blocks[begin:end] for begin, end in zip(begins, ends, strict=True)]
        return np.concatenate(parts) if parts else blocks[:0]
    is_wanted = np.zeros(code.count, np.bool_)
    is_wanted[documents] = True
    of_them: Numbers = blocks[is_wanted[code.documents[blocks]]]
    return of_them


def _distinct(ordered: NDArray[np.int32]) -> NDArray[np.int32]:
    if len(ordered) < 2:
        return ordered
    return ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))]
