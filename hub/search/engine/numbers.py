"""Sets of document numbers: packed for a row, and as masks over the documents of a segment. Pure."""

import hashlib
import zlib
from collections.abc import Callable, Iterable
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from hub.search.engine.column import CodeReader
from hub.search.engine.segments import Mask, Segment

Numbers = NDArray[np.uint32]

NONE: Final[Numbers] = np.empty(0, np.uint32)
_LEVEL: Final = 1
_KEY_BYTES: Final = 16


def key_of(path: bytes, blob_id: str) -> bytes:
    """What names a file of this path and content."""
    return hashlib.blake2b(path + b"\0" + bytes.fromhex(blob_id), digest_size=_KEY_BYTES).digest()


def as_numbers(some: Iterable[int]) -> Numbers:
    """The numbers, each once and in order."""
    return np.unique(np.fromiter(some, np.uint32))


def pack(numbers: Numbers) -> bytes:
    """Numbers in order as a few bytes each: their differences, compressed."""
    return zlib.compress(np.diff(numbers, prepend=np.uint32(0)).astype("<u4").tobytes(), _LEVEL)


def unpack(packed: bytes) -> Numbers:
    """The numbers that `pack` made this of."""
    return np.cumsum(np.frombuffer(zlib.decompress(packed), "<u4"), dtype=np.uint32)


class Shown:
    """The documents of some views together: which documents of a segment they are."""

    def __init__(self, views: Iterable[Numbers]) -> None:
        self._masks: WeakKeyDictionary[CodeReader, Mask] = WeakKeyDictionary()
        each = list(views)
        # Of a view of nothing the first is behind the last.
        self._firsts = np.array([one[0] if len(one) else 1 for one in each], np.int64)
        self._lasts = np.array([one[-1] if len(one) else 0 for one in each], np.int64)
        self._shown = np.zeros(int(self._lasts.max()) + 1 if any(map(len, each)) else 0, np.bool_)
        for one in each:
            self._shown[one] = True

    def views_near(self, numbers: Numbers) -> list[int]:
        """Which of the views may hold some of these numbers, which stand in order: a few of many."""
        begins = np.searchsorted(numbers, self._firsts)
        ends = np.searchsorted(numbers, self._lasts, side="right")
        near: list[int] = np.flatnonzero(begins < ends).tolist()
        return near

    def __call__(self, segment: Segment) -> Mask:
        """One truth value for each document of the segment; the same array as long as the segment is open."""
        mask = self._masks.get(segment.code) if segment.code is not None else None
        if mask is None:
            mask = self.among(segment.numbers)
            if segment.code is not None:
                self._masks[segment.code] = mask
        return mask

    def among(self, numbers: NDArray[np.uint32] | NDArray[np.uint64]) -> Mask:
        """Which of these numbers are shown."""
        if not len(self._shown):
            return np.zeros(len(numbers), np.bool_)
        inside = numbers < len(self._shown)
        shown: Mask = self._shown[np.minimum(numbers, numbers.dtype.type(len(self._shown) - 1))] & inside
        return shown


def up_to(newest: int, shown: Shown) -> Callable[[Segment], Mask]:
    """Those of the documents whose number is at most that."""

    def mask(segment: Segment) -> Mask:
        return shown(segment) & np.asarray(segment.numbers <= newest)

    return mask
