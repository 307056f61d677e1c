"""Answers: the best documents with lines around each match, every document that matches, every line."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from hub.search.engine.candidates import Budget, Candidates, Wanted
from hub.search.engine.column import Numbers
from hub.search.engine.documents import path_of
from hub.search.engine.segments import Mask, Segment

# Which documents of a segment may be seen.
Visible = Callable[[Segment], Mask]

_FIRST_READ: Final = 60
_READ_MORE: Final = 4
_AT_ONCE: Final = 64
# What orders candidates, in one number: how promising, the document's number, which of the alternatives.
_MOST_PROMISE: Final = 1 << 20
_FINE: Final = 16
_NUMBER_BITS: Final = 40
_TURN_BITS: Final = 8
_MOST_TURNS: Final = 255


@dataclass(frozen=True, slots=True)
class Hit:
    """One document that matches."""

    segment: Segment
    document: int
    score: float

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

    `is_partial`: the budget did not suffice, there may be better ones. `found` are all that were read and
    match.
    """

    hits: tuple[Hit, ...]
    total: int
    is_exact: bool
    is_partial: bool = False
    found: tuple[Hit, ...] = ()


def search(
    segments: Sequence[Segment],
    alternatives: Sequence[Wanted],
    visible: Visible | None,
    *,
    most: int,
    budget: Budget | None = None,
) -> Page:
    """The best `most` documents that match one of the alternatives.

    The most promising candidates are read, some at a time, until the page is full; what was read earlier
    stands before what is read later. So the first hits are the same however many are asked for.
    """
    budget = budget or Budget()
    some = candidates_of(segments, alternatives, visible, is_ranked=True)
    count = sum(len(one.documents) for one in some)
    if not count:
        return Page((), 0, is_exact=True)
    starts = np.cumsum([0, *(len(one.documents) for one in some)])
    found: dict[int, Hit] = {}
    read = 0
    for chosen in _by_promise(some):
        if len(found) >= most or budget.is_spent:
            break
        read += len(chosen)
        fresh: dict[int, Hit] = {}
        for candidates, first, end in zip(some, starts[:-1], starts[1:], strict=True):
            own = chosen[np.searchsorted(chosen, first) : np.searchsorted(chosen, end)] - first
            for hit in _read(candidates, own, budget) if len(own) else ():
                if hit.number not in fresh or fresh[hit.number].score < hit.score:
                    fresh[hit.number] = hit
        best = sorted(fresh.values(), key=lambda one: (-one.score, one.number))
        found |= {one.number: one for one in best if one.number not in found}
    hits, total = tuple(found.values()), max(len(found), count * len(found) // max(read, 1))
    return Page(hits[:most], total, is_exact=read >= count, is_partial=budget.is_spent, found=hits)


def _by_promise(some: Sequence[Candidates]) -> Iterator[Numbers]:
    """The places of all candidates together, the most promising first, in parts that grow.

    Among equals the number decides, which stays when segments are joined.
    """
    keys = np.concatenate(
        [
            (_MOST_PROMISE - (one.promise * _FINE).astype(np.int64) << _NUMBER_BITS)
            | (one.segment.numbers[one.documents].astype(np.int64) << _TURN_BITS)
            | min(turn, _MOST_TURNS)
            for turn, one in enumerate(some)
        ]
    )
    step = _FIRST_READ
    if len(keys) > step:
        yield np.sort(np.argpartition(keys, step - 1)[:step])
    else:
        step = 0
    order, read = np.argsort(keys, kind="stable"), step
    step = step or _FIRST_READ
    while read < len(keys):
        step *= _READ_MORE
        yield np.sort(order[read : read + step])
        read += step


def _read(candidates: Candidates, places: Numbers, budget: Budget) -> Iterator[Hit]:
    documents = candidates.documents[places]
    scores = candidates.read(documents, candidates.promise[places].tolist(), budget, is_ranked=True)
    for document, score in scores.items():
        yield Hit(candidates.segment, document, score)


def every_document(
    segments: Sequence[Segment],
    alternatives: Sequence[Wanted],
    visible: Visible | None,
    budget: Budget | None = None,
) -> Iterator[tuple[Segment, int]]:
    """Every document that matches one of the alternatives, once, in no order."""
    budget = budget or Budget()
    seen: set[tuple[int, int]] = set()
    for one in candidates_of(segments, alternatives, visible, is_ranked=False):
        for document in one.read(one.documents, [0.0] * len(one.documents), budget, is_ranked=False):
            name = (id(one.segment), document)
            if name not in seen:
                seen.add(name)
                yield one.segment, document


@dataclass(slots=True)
class Walk:
    """Every document that matches one of the alternatives, once, by number, from the number `reached` on.

    Ends early where the budget is spent; then `reached` is where to go on.
    """

    segments: Sequence[Segment]
    alternatives: Sequence[Wanted]
    visible: Visible | None
    reached: int
    budget: Budget

    def __iter__(self) -> Iterator[tuple[Segment, int]]:
        some = candidates_of(self.segments, self.alternatives, self.visible, is_ranked=False)
        waiting = sorted(
            (int(number), at, document)
            for at, one in enumerate(some)
            for number, document in zip(
                one.segment.numbers[one.documents].tolist(), one.documents.tolist(), strict=True
            )
            if number >= self.reached
        )
        # The same document may be a candidate of several alternatives: they stand beside each other.
        for begin in range(0, len(waiting), _AT_ONCE):
            part = waiting[begin : begin + _AT_ONCE]
            # What is read first is read in any case, so that who goes on comes to an end.
            matching = self._read(some, part, self.budget if begin else Budget())
            if self.budget.is_spent and begin:
                self.reached = part[0][0]
                return
            yield from (matching[number] for number in sorted(matching) if number >= self.reached)
            self.reached = part[-1][0] + 1

    @staticmethod
    def _read(
        some: Sequence[Candidates], part: Sequence[tuple[int, int, int]], budget: Budget
    ) -> dict[int, tuple[Segment, int]]:
        matching: dict[int, tuple[Segment, int]] = {}
        for at, one in enumerate(some):
            own = [(number, document) for number, of, document in part if of == at]
            documents = np.array(sorted(document for _, document in own), np.int32)
            if own:
                read = one.read(documents, [0.0] * len(own), budget, is_ranked=False)
                matching |= {number: (one.segment, document) for number, document in own if document in read}
        return matching


def candidates_of(
    segments: Sequence[Segment], alternatives: Sequence[Wanted], visible: Visible | None, *, is_ranked: bool
) -> list[Candidates]:
    """The candidates of each alternative in each segment that has some."""
    masks = [None if visible is None else visible(one) for one in segments]
    made = (
        Candidates(segment, wanted, mask, is_ranked=is_ranked)
        for wanted in alternatives
        for segment, mask in zip(segments, masks, strict=True)
        if segment.code is not None
    )
    return [one for one in made if len(one.documents)]
