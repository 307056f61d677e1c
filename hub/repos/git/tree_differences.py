"""The entries in which two versions of a folder differ, found without looking at those in which they do not.

From one commit to the next a folder of a thousand entries changes in one or two. What two trees have in
common is compared as bytes; where the entries of one are known, those of the other are known there as well.
"""

import re
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

# What is kept of trees that were read lately: each is compared at least twice.
_KEPT_BYTES: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class _Tree:
    """The content of a tree object, where each entry begins, and, as the last one, where it ends."""

    data: bytes
    starts: list[int]


class TreeDifferences:
    """Differences between trees, which `read` gives the content of by their binary ids."""

    def __init__(self, read: Callable[[bytes], bytes]) -> None:
        self._read = read
        self._trees: OrderedDict[bytes, _Tree] = OrderedDict()
        self._bytes = 0

    def between(self, ours: bytes, theirs: bytes) -> tuple[list[bytes], list[bytes]]:
        """The raw entries that only the one tree has, and those that only the other has."""
        id_bytes, one, other = len(ours), self._trees.get(ours), self._trees.get(theirs)
        if one is None:
            one = self._keep(ours, _parse(self._read(ours), id_bytes))
        data = self._read(theirs) if other is None else other.data
        changed = _same_names(one, data, id_bytes)
        if changed is not None:
            other = self._keep(theirs, _Tree(data, one.starts))
            return _at(one, changed), _at(other, changed)
        first, last, end = _common(one, data)
        begin = one.starts[first]
        middle = _entries(data[begin:end], id_bytes)
        if middle is None:  # whatever these bytes are, they do not begin or end where entries do
            other = _parse(data, id_bytes)
            first, last, middle = 0, len(one.starts) - 1, _at(other, range(len(other.starts) - 1))
        elif other is None:
            other = _Tree(data, _moved(one.starts, first, last, middle, len(data) - len(one.data)))
        self._keep(theirs, other)
        our_middle = _at(one, range(first, last))
        known, their_known = set(our_middle), set(middle)
        return [e for e in our_middle if e not in their_known], [e for e in middle if e not in known]

    def _keep(self, tree_id: bytes, tree: _Tree) -> _Tree:
        if tree_id not in self._trees:
            self._trees[tree_id] = tree
            self._bytes += len(tree.data)
            while self._bytes > _KEPT_BYTES and len(self._trees) > 2:
                self._bytes -= len(self._trees.popitem(last=False)[1].data)
        return tree


@cache
def _pattern(id_bytes: int) -> re.Pattern[bytes]:
    # Mode, name and id (gitformat-pack(5)).
    return re.compile(rb"[0-7]+ [^\0]+\0.{%d}" % id_bytes, re.DOTALL)


def _entries(data: bytes, id_bytes: int) -> list[bytes] | None:
    """The entries that these bytes are; None where they are anything else."""
    found: list[bytes] = _pattern(id_bytes).findall(data)
    return found if sum(map(len, found)) == len(data) else None


def _parse(data: bytes, id_bytes: int) -> _Tree:
    starts, at = [0], 0
    for entry in _pattern(id_bytes).findall(data):
        at += len(entry)
        starts.append(at)
    if at != len(data):
        raise KeyError("a tree that git cannot read either")
    return _Tree(data, starts)


def _at(tree: _Tree, numbers: Iterable[int]) -> list[bytes]:
    """The entries of these numbers."""
    starts = tree.starts
    return [tree.data[starts[number] : starts[number + 1]] for number in numbers]


def _same_names(tree: _Tree, data: bytes, id_bytes: int) -> list[int] | None:
    """The numbers of the entries that have other ids in `data`, which is the same otherwise; None where not.

    Then its entries lie where those of the tree do.
    """
    ours, starts = tree.data, tree.starts
    if len(data) != len(ours):
        return None
    found, waiting = [], [(0, len(starts) - 1)]
    while waiting:
        first, last = waiting.pop()
        begin, end = starts[first], starts[last]
        if ours[begin:end] == data[begin:end]:
            continue
        if last - first > 1:
            middle = (first + last) // 2
            waiting += [(middle, last), (first, middle)]
        elif ours[begin : end - id_bytes] == data[begin : end - id_bytes]:
            found.append(first)
        else:
            return None
    return found


def _common(tree: _Tree, data: bytes) -> tuple[int, int, int]:
    """The first and the last entry of the tree behind and before what both have in common, and where the
    others' end in `data`."""
    ours, starts = tree.data, tree.starts
    prefix = _common_prefix(ours, data)
    first = bisect_right(starts, prefix) - 1
    begin = starts[first]
    suffix = min(_common_suffix(ours, data), len(ours) - begin, len(data) - begin)
    last = bisect_left(starts, len(ours) - suffix)
    return first, last, len(data) - (len(ours) - starts[last])


def _moved(starts: list[int], first: int, last: int, middle: list[bytes], by: int) -> list[int]:
    """Where entries begin that are those of another tree but for some in the middle."""
    found, at = starts[:first], starts[first]
    for entry in middle:
        found.append(at)
        at += len(entry)
    rest = starts[last:]
    return found + (rest if by == 0 else [start + by for start in rest])


def _common_prefix(one: bytes, other: bytes) -> int:
    low, high = 0, min(len(one), len(other)) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low


def _common_suffix(one: bytes, other: bytes) -> int:
    low, high = 0, min(len(one), len(other)) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]:
            low = middle
        else:
            high = middle
    return low
