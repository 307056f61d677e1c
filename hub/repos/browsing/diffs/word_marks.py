"""Which lines are one line that was changed, and which of its words are new. Pure."""

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import accumulate
from typing import Final

# Where a range of characters begins and ends.
Range = tuple[int, int]

_WORDS: Final = re.compile(r"\w+|\s+|[^\w\s]")
# Lines that have less in common than this part of their letters are two lines, not one that was changed.
_LEAST_ALIKE: Final = 0.4
# Beyond these a line is one thing that changed, and lines are paired by their order: time must not grow with
# the product of two lengths.
_MOST_WORDS: Final = 60
_LONGEST: Final = 2_000
_MOST_COMPARED: Final = 150


def pair_lines(removed: Sequence[str], added: Sequence[str]) -> list[tuple[int, int]]:
    """Which of the removed lines became which of the added, as their numbers, in order on both sides.

    As many on both sides are taken one by one; otherwise those that have the most words in common.
    """
    count = min(len(removed), len(added))
    if count == 0:
        return []
    if len(removed) == len(added) or len(removed) * len(added) > _MOST_COMPARED:
        return [(number, number) for number in range(count)]
    old, new = ([Counter(_WORDS.findall(line[:_LONGEST])) for line in side] for side in (removed, added))
    return _best_pairs([[_likeness(one, other) for other in new] for one in old])


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    shared = sum(len(word) * count for word, count in (one & other).items() if not word.isspace())
    longest = max(
        sum(len(word) * n for word, n in side.items() if not word.isspace()) for side in (one, other)
    )
    return shared / longest if longest else 0.0


def _best_pairs(alike: list[list[float]]) -> list[tuple[int, int]]:
    """The pairs, in order on both sides, whose likeness sums to the most; none is below what counts."""
    rows, columns = len(alike), len(alike[0])
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for row in reversed(range(rows)):
        for column in reversed(range(columns)):
            value = alike[row][column]
            paired = value + best[row + 1][column + 1] if value >= _LEAST_ALIKE else 0.0
            best[row][column] = max(paired, best[row + 1][column], best[row][column + 1])
    pairs, row, column = [], 0, 0
    while row < rows and column < columns:
        if best[row][column] == best[row + 1][column]:
            row += 1
        elif best[row][column] == best[row][column + 1]:
            column += 1
        else:
            pairs.append((row, column))
            row, column = row + 1, column + 1
    return pairs


def changed_ranges(old: str, new: str) -> tuple[list[Range], list[Range]] | None:
    """What of the old line is gone and what of the new one has come; None where they are not alike."""
    if max(len(old), len(new)) > _LONGEST:
        return None
    sides = (_WORDS.findall(old), _WORDS.findall(new))
    changes = _changes(*sides)
    gone = _in_letters(sides[0], [(first, end) for first, end, _, _ in changes])
    come = _in_letters(sides[1], [(first, end) for _, _, first, end in changes])
    is_alike = _kept_part(old, gone) >= _LEAST_ALIKE and _kept_part(new, come) >= _LEAST_ALIKE
    return (gone, come) if is_alike else None


def _changes(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, int, int]]:
    """Runs of words that differ: first and end on the old side, first and end on the new one."""
    start = _shared(old, new)
    end = _shared(old[start:][::-1], new[start:][::-1])
    gone, come = old[start : len(old) - end], new[start : len(new) - end]
    if max(len(gone), len(come)) > _MOST_WORDS:
        return [(start, start + len(gone), start, start + len(come))]
    changes: list[tuple[int, int, int, int]] = []
    for tag, *places in SequenceMatcher(None, gone, come, autojunk=False).get_opcodes():
        a, b, c, d = (start + one for one in places)
        if tag == "equal":
            continue
        # Two changes with nothing but space between them are one.
        if changes and "".join(old[changes[-1][1] : a]).isspace():
            a, _, c, _ = changes.pop()
        changes.append((a, b, c, d))
    return changes


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words both begin with."""
    for number, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return number
    return min(len(one), len(other))


def _in_letters(words: Sequence[str], runs: Sequence[Range]) -> list[Range]:
    """The runs of words as ranges of letters; empty ones are left out."""
    starts = [0, *accumulate(map(len, words))]
    return [(starts[first], starts[end]) for first, end in runs if first < end]


def _kept_part(line: str, ranges: Sequence[Range]) -> float:
    """How much of a line that is not space lies outside of the ranges."""
    letters = sum(not one.isspace() for one in line)
    changed = sum(not one.isspace() for first, end in ranges for one in line[first:end])
    return (letters - changed) / letters if letters else 1.0
