"""The documents of a segment that may match, how promising each is, and the reading that tells which do.

The filter names blocks; a document is a candidate when each pattern has a block in it. What may be seen and
the path are applied before any text is read, so that nothing of what is hidden can be counted or timed.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hub.search.engine.column import LAP, Bits, CodeReader, Numbers
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
        # What may not be seen is left out while it is bits: how much of it there is takes no time.
        shown = None if mask is None else segment.blocks_of(mask)
        seen = [_both(one, shown) for one in words]
        self._blocks = [_blocks(segment.code, segment.code.blocks_in(one)) for one in seen]
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
        self, documents: Documents, promise: Sequence[float], budget: Budget, *, is_ranked: bool
    ) -> dict[int, float]:
        """Reads the text of these candidates until it is known which match; the score of each that does.

        The score is the promise, and what the text adds where it `is_ranked`. A document that the budget did
        not suffice for does not match.
        """
        code = self.segment.code
        assert code is not None, "a segment without text has no candidates"
        scores = dict(zip(documents.tolist(), promise, strict=True))
        for at in self._order:
            pattern, blocks = self.wanted.patterns[at], self._blocks[at].numbers
            wanted = _of_documents(code, blocks, documents)
            matching = self._read_one(pattern, wanted, scores, budget, is_ranked=is_ranked)
            if len(matching) < len(scores):
                scores = {one: score for one, score in scores.items() if one in matching}
                documents = np.array(sorted(scores), np.int32)
            if not scores:
                return scores
        for pattern in self.wanted.without:
            blocks = _of_documents(code, code.blocks_in(code.words_for(pattern.plan)), documents)
            matching = self._read_one(pattern, blocks, scores, budget, is_ranked=False)
            scores = {one: score for one, score in scores.items() if one not in matching}
            documents = np.array(sorted(scores), np.int32)
        return scores

    def _read_one(
        self, pattern: Pattern, blocks: Numbers, scores: dict[int, float], budget: Budget, *, is_ranked: bool
    ) -> set[int]:
        """The documents in which the pattern stands; adds to their scores how it does."""
        code = self.segment.code
        assert code is not None, "a segment without text has no candidates"
        matching: set[int] = set()
        buffer, base = code.buffer, code.base
        places = zip(
            code.starts[blocks].tolist(),
            code.starts[blocks + 1].tolist(),
            code.documents[blocks].tolist(),
            strict=True,
        )
        for start, stop, document in places:
            if document in matching or document not in scores:
                continue
            begin, end = start + base, stop + base
            # A line that was cut goes on in the next block.
            text = buffer[begin : end if buffer[end - 1] == _LINE else end + LAP]
            budget.spend(len(text))
            if budget.is_spent:
                break
            spans = pattern.spans_in(text, 1)
            if spans:
                matching.add(document)
                if is_ranked and pattern.word:
                    scores[document] += _evidence(text, spans[0], pattern)
        return matching


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


def _both(words: Bits | None, others: Bits | None) -> Bits | None:
    if words is None or others is None:
        return others if words is None else words
    both: Bits = words & others
    return both


def _distinct(ordered: NDArray[np.int32]) -> NDArray[np.int32]:
    if len(ordered) < 2:
        return ordered
    return ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))]
