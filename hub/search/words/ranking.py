"""Finds the documents that hold the words of a query, and how well: BM25F, over what may be seen alone.

How rare a word is, and how long texts are, is counted among the documents that are shown to whoever asks:
what they may not see changes neither what they find nor its order.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hub.search.words.analysis import Atom, Beginning
from hub.search.words.analysis import Sequence as TermSequence
from hub.search.words.schema import BOOSTS
from hub.search.words.segments import Mask, Numbers, Postings, WordSegment

Scores = NDArray[np.float32]

# The documents of a segment that are looked at: of that kind, and visible to whoever asks.
Shown = Callable[[WordSegment], Mask]

# As Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), and Whoosh.
_B: Final = 0.75
_K1: Final = 1.2
# To look where in a text its words stand takes 10 microseconds for each, one after another.
MOST_PLACED: Final = 30_000
# Scores that differ by less are equal, and the newer document comes first.
_DIGITS: Final = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """One alternative of a query: of each of `words` one of the atoms, and of `without` none."""

    words: tuple[tuple[Atom, ...], ...] = ()
    without: tuple[tuple[Atom, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, in no order: kind, row, moment and score of each document.

    `is_cut`: there may be more, which were put into the index before these.
    """

    kinds: Numbers
    rows: Numbers
    moments: Numbers
    scores: Scores
    is_cut: bool = False

    def best(self) -> NDArray[np.intp]:
        """Places in the arrays, the highest score first, of equal ones the newest."""
        return np.lexsort((-self.rows.astype(np.int64), -self.moments.astype(np.int64), -self.scores))

    def newest(self) -> NDArray[np.intp]:
        """Places in the arrays, the newest first."""
        return np.lexsort((-self.rows.astype(np.int64), -self.moments.astype(np.int64)))


def search(
    segments: Sequence[WordSegment],
    alternatives: Sequence[Wanted],
    shown: Shown,
    *,
    most_placed: int = MOST_PLACED,
) -> Found:
    """Every document that is shown and that one of the alternatives asks for.

    Of so many at most it is looked where in them words stand; of more, those that came last.
    """
    scopes = [_Scope(one, shown(one) & one.live) for one in segments]
    corpus = _Corpus(scopes, most_placed)
    totals = [np.zeros(one.segment.count, np.float32) for one in scopes]
    found = [np.zeros(one.segment.count, np.bool_) for one in scopes]
    for wanted in alternatives:
        has, scores = corpus.match(wanted)
        for at in range(len(scopes)):
            found[at] |= has[at]
            totals[at] += np.where(has[at], scores[at], np.float32(0))
    return _gather(scopes, found, totals, is_cut=corpus.is_cut)


def _gather(
    scopes: Sequence["_Scope"], found: Sequence[Mask], totals: Sequence[Scores], *, is_cut: bool
) -> Found:
    def column(name: str) -> Numbers:
        parts = [one.segment.numbers(name)[has] for one, has in zip(scopes, found, strict=True)]
        return np.concatenate(parts) if parts else np.empty(0, np.uint64)

    scores = [total[has] for total, has in zip(totals, found, strict=True)]
    joined = np.concatenate(scores) if scores else np.empty(0, np.float32)
    return Found(column("kind"), column("row"), column("at"), joined.round(_DIGITS), is_cut)


@dataclass(frozen=True, slots=True)
class _Scope:
    segment: WordSegment
    shown: Mask


class _Corpus:
    """The documents that are shown, of all segments, as if there were no others."""

    def __init__(self, scopes: Sequence[_Scope], most_placed: int) -> None:
        self._scopes = scopes
        self._left = most_placed
        self.is_cut = False
        self._count = sum(int(one.shown.sum()) for one in scopes)
        self._mean_lengths: dict[str, float] = {}

    def _mean_length(self, field: str) -> float:
        if field not in self._mean_lengths:
            total = sum(int(one.segment.numbers(f"{field}_length")[one.shown].sum()) for one in self._scopes)
            self._mean_lengths[field] = total / self._count if total else 1.0
        return self._mean_lengths[field]

    def match(self, wanted: Wanted) -> tuple[list[Mask], list[Scores]]:
        """Of each segment the documents that are asked for, and their scores."""
        has = [one.shown.copy() for one in self._scopes]
        scores = [np.zeros(one.segment.count, np.float32) for one in self._scopes]
        for atoms in wanted.words:
            for at, points in enumerate(self._score(atoms)):
                has[at] &= points > 0
                scores[at] += points
        for atoms in wanted.without:
            for at, points in enumerate(self._score(atoms)):
                has[at] &= points <= 0
        return has, scores

    def _score(self, atoms: Sequence[Atom]) -> list[Scores]:
        """Of each segment one number for each document: 0 where it has none of the atoms."""
        totals = [np.zeros(one.segment.count, np.float32) for one in self._scopes]
        for atom in atoms:
            for field in BOOSTS:
                parts = (
                    self._beginnings(field, atom)
                    if isinstance(atom, Beginning)
                    else self._sequences(field, atom)
                )
                for at, (documents, points) in enumerate(parts):
                    totals[at][documents] += points
        return totals

    def _beginnings(self, field: str, atom: Beginning) -> list[Postings]:
        found = []
        for one in self._scopes:
            weights = np.zeros(one.segment.count, np.float32)
            for term in one.segment.terms_that_begin(field, atom.letters):
                documents, counts = one.segment.postings(field, term)
                weights[documents] += counts
            weights[~one.shown] = 0
            held = np.nonzero(weights)[0]
            found.append((held, weights[held]))
        return self._points(field, found)

    def _sequences(self, field: str, atom: TermSequence) -> list[Postings]:
        by_term = [self._points(field, self._postings(field, term)) for term, _ in atom.terms]
        if len(by_term) == 1:
            return by_term[0]
        found = []
        # The newest first, while there is time to look at their words.
        for at, scope in reversed(list(enumerate(self._scopes))):
            parts = [points[at] for points in by_term]
            documents = parts[0][0]
            for held, _ in parts[1:]:
                documents = np.intersect1d(documents, held, assume_unique=True)
            documents = self._within_reach(documents)
            documents = documents[_stand_together(scope.segment, field, atom, documents)]
            total = np.zeros(len(documents), np.float32)
            for held, points in parts:
                total += points[np.searchsorted(held, documents)]
            found.append((documents, total))
        return found[::-1]

    def _within_reach(self, documents: NDArray[np.int64]) -> NDArray[np.int64]:
        self.is_cut |= len(documents) > self._left
        kept = documents[max(0, len(documents) - self._left) :]
        self._left -= len(kept)
        return kept

    def _postings(self, field: str, term: str) -> list[Postings]:
        found = []
        for one in self._scopes:
            documents, weights = one.segment.postings(field, term)
            kept = one.shown[documents]
            found.append((documents[kept], weights[kept]))
        return found

    def _points(self, field: str, postings: Sequence[Postings]) -> list[Postings]:
        """What the term is worth in each document that has it."""
        having = sum(len(documents) for documents, _ in postings)
        if not having:
            return list(postings)
        rarity = math.log(max(self._count, 1) / (having + 1)) + 1
        mean, boost = self._mean_length(field), BOOSTS[field]
        found = []
        for scope, (documents, weights) in zip(self._scopes, postings, strict=True):
            lengths = scope.segment.numbers(f"{field}_length")[documents].astype(np.float32)
            damped = weights + _K1 * ((1 - _B) + _B * lengths / mean)
            points = boost * rarity * (weights * (_K1 + 1)) / damped
            found.append((documents, np.maximum(points, 1e-3).astype(np.float32)))
        return found


def _stand_together(
    segment: WordSegment, field: str, atom: TermSequence, documents: NDArray[np.int64]
) -> Mask:
    """In which of these documents the terms stand one after another."""
    wanted = documents.tolist()
    begins = [set[int]() for _ in wanted]
    for at, (term, distance) in enumerate(atom.terms):
        for place, positions in enumerate(segment.positions(field, term, wanted)):
            shifted = {one - distance for one in positions}
            begins[place] = shifted if at == 0 else begins[place] & shifted
    return np.array([bool(one) for one in begins], np.bool_)
