"""Answers: the best documents with lines around each match, every document that matches, every line."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from hub.search.engine.candidates import Budget, Candidates, Wanted
from hub.search.engine.column import Numbers
from hub.search.engine.documents import path_of
from hub.search.engine.patterns import Span
from hub.search.engine.segments import Mask, Segment

# Which documents of a segment may be seen.
Visible = Callable[[Segment], Mask]

_FIRST_READ: Final = 60
_READ_MORE: Final = 4
_SPANS: Final = 3
_AT_ONCE: Final = 64
_EVERYWHERE: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Hit:
    """One document that matches: where each pattern stands first, as spans of the segment's buffer."""

    segment: Segment
    document: int
    score: float
    spans: tuple[Span, ...]

    @property
    def number(self) -> int:
        """The document's number, by which it is known outside of the index."""
        return int(self.segment.numbers[self.document])

    @property
    def path(self) -> bytes:
        """The path of the file."""
        code = self.segment.code
        assert code is not None, "a hit has a text"
        begin, _ = code.place_of(self.document)
        path: bytes = code.buffer[begin : code.buffer.find(b"\n", begin)]
        return path_of(path)


@dataclass(frozen=True, slots=True)
class Page:
    """The best hits. `total` is how many documents match, estimated where not all candidates were read.

    `is_partial`: the budget did not suffice, there may be better ones.
    """

    hits: tuple[Hit, ...]
    total: int
    is_exact: bool
    is_partial: bool = False


def search(
    segments: Sequence[Segment],
    alternatives: Sequence[Wanted],
    visible: Visible | None,
    *,
    most: int,
    budget: Budget | None = None,
) -> Page:
    """The best `most` documents that match one of the alternatives.

    The most promising candidates are read until the page is full.
    """
    budget = budget or Budget()
    some = _candidates(segments, alternatives, visible, is_ranked=True)
    count = sum(len(one.documents) for one in some)
    if not count:
        return Page((), 0, is_exact=True)
    promise = np.concatenate([one.promise for one in some])
    starts = np.cumsum([0, *(len(one.documents) for one in some)])
    found: dict[tuple[int, int], Hit] = {}
    read, step = 0, _FIRST_READ
    order = np.argsort(-promise, kind="stable")
    while read < count and len(found) < most and not budget.is_spent:
        chosen = np.sort(order[read : read + step])
        read, step = min(count, read + step), step * _READ_MORE
        for candidates, first, end in zip(some, starts[:-1], starts[1:], strict=True):
            own = chosen[np.searchsorted(chosen, first) : np.searchsorted(chosen, end)] - first
            for hit in _read(candidates, own, budget) if len(own) else ():
                name = (id(hit.segment), hit.document)
                if name not in found or found[name].score < hit.score:
                    found[name] = hit
    hits = sorted(found.values(), key=lambda one: (-one.score, one.number))
    total = max(len(hits), count * len(hits) // max(read, 1))
    return Page(tuple(hits[:most]), total, is_exact=read >= count, is_partial=budget.is_spent)


def _read(candidates: Candidates, places: Numbers, budget: Budget) -> Iterator[Hit]:
    documents = candidates.documents[places]
    found = candidates.read(documents, candidates.promise[places].tolist(), budget, most_spans=_SPANS)
    for document, score in found.scores.items():
        yield Hit(candidates.segment, document, score, tuple(sorted(found.spans.get(document, ()))))


def every_document(
    segments: Sequence[Segment],
    alternatives: Sequence[Wanted],
    visible: Visible | None,
    budget: Budget | None = None,
) -> Iterator[tuple[Segment, int]]:
    """Every document that matches one of the alternatives, once, in no order."""
    budget = budget or Budget()
    seen: set[tuple[int, int]] = set()
    for one in _candidates(segments, alternatives, visible, is_ranked=False):
        found = one.read(one.documents, [0.0] * len(one.documents), budget, most_spans=1)
        for document in found.scores:
            name = (id(one.segment), document)
            if name not in seen:
                seen.add(name)
                yield one.segment, document


def in_order(
    segments: Sequence[Segment],
    alternatives: Sequence[Wanted],
    visible: Visible | None,
    first: int,
    budget: Budget,
) -> Iterator[tuple[Segment, int]]:
    """Every document that matches one of the alternatives, once, by number, from the number `first` on."""
    some = _candidates(segments, alternatives, visible, is_ranked=False)
    waiting = sorted(
        (int(number), at, document)
        for at, one in enumerate(some)
        for number, document in zip(
            one.segment.numbers[one.documents].tolist(), one.documents.tolist(), strict=True
        )
        if number >= first
    )
    # The same document may be a candidate of several alternatives: they stand beside each other.
    for begin in range(0, len(waiting), _AT_ONCE):
        matching: dict[int, tuple[Segment, int]] = {}
        for at, one in enumerate(some):
            own = [
                (number, document) for number, of, document in waiting[begin : begin + _AT_ONCE] if of == at
            ]
            documents = np.array(sorted(document for _, document in own), np.int32)
            if own:
                read = one.read(documents, [0.0] * len(own), budget, most_spans=1).scores
                matching.update(
                    (number, (one.segment, document)) for number, document in own if document in read
                )
        if budget.is_spent:
            return
        for number in sorted(matching):
            yield matching[number]


def _candidates(
    segments: Sequence[Segment], alternatives: Sequence[Wanted], visible: Visible | None, *, is_ranked: bool
) -> list[Candidates]:
    masks = [None if visible is None else visible(one) for one in segments]
    made = (
        Candidates(segment, wanted, mask, is_ranked=is_ranked)
        for wanted in alternatives
        for segment, mask in zip(segments, masks, strict=True)
        if segment.code is not None
    )
    return [one for one in made if len(one.documents)]
