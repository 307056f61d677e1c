"""Which documents match, for counting them: all where they are few, otherwise some that are picked by chance.

The chance is made of the documents' numbers, so that the same question is answered alike each time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hub.search.engine.candidates import Budget, Candidates, Wanted
from hub.search.engine.column import Numbers
from hub.search.engine.pages import Visible, candidates_of
from hub.search.engine.segments import Segment

MOST_READ: Final = 250

_AT_ONCE: Final = 250
# Knuth's multiplicative hash: numbers that follow each other are far apart.
_SPREAD: Final = np.uint64(2654435761)
_MODULUS: Final = np.uint64(1 << 32)


@dataclass(frozen=True, slots=True)
class Tally:
    """Documents that match: all there are, or a share that stands for all (`scale` of one is how many)."""

    documents: tuple[tuple[Segment, int], ...] = ()
    scale: float = 1.0
    is_exact: bool = True

    def estimate(self, count: int) -> int:
        """How many of all those are that are so many of these."""
        return count if self.is_exact else round(count * self.scale)


def tally(
    segments: Sequence[Segment],
    alternatives: Sequence[Wanted],
    visible: Visible | None,
    *,
    budget: Budget,
    most: int = MOST_READ,
) -> Tally:
    """Documents that match one of the alternatives, of at most so many that were read."""
    some = candidates_of(segments, alternatives, visible, is_ranked=False)
    if not some:
        return Tally()
    starts = np.cumsum([0, *(len(one.documents) for one in some)])
    numbers = np.concatenate([one.segment.numbers[one.documents] for one in some])
    # A document that several alternatives name stands beside itself, and is taken or left as one.
    order = _picked(np.unique(numbers), most)
    count, read = len(np.unique(numbers)), 0
    found: dict[int, tuple[Segment, int]] = {}
    while read < len(order):
        part = order[read : read + _AT_ONCE]
        fresh: dict[int, tuple[Segment, int]] = {}
        for one, first, end in zip(some, starts[:-1], starts[1:], strict=True):
            fresh |= _matching(one, np.flatnonzero(np.isin(numbers[first:end], part)), budget)
        if budget.is_spent and read:
            # What was not read does not count as what does not match.
            break
        found |= fresh
        read += len(part)
    is_exact = read == count and not budget.is_spent
    return Tally(tuple(found.values()), count / max(read, 1), is_exact)


def _picked(numbers: NDArray[np.uint32], most: int) -> NDArray[np.uint32]:
    if len(numbers) <= most:
        return numbers
    chances = numbers.astype(np.uint64) * _SPREAD % _MODULUS
    return numbers[np.argpartition(chances, most)[:most]]


def _matching(one: Candidates, places: Numbers, budget: Budget) -> dict[int, tuple[Segment, int]]:
    if not len(places):
        return {}
    documents = one.documents[places]
    found = one.read(documents, [0.0] * len(documents), budget, is_ranked=False)
    return {int(one.segment.numbers[document]): (one.segment, document) for document in found}
