"""Which rows of the filter a text sets: one for each run of three bytes in it, and of four. Pure.

The filter is a matrix of bits. Its columns are blocks of text, its rows hashes of the folded grams: there is
no dictionary and no list to sort, so that building it is arithmetic over the whole text at once.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

ROW_BITS: Final = 13
ROWS: Final = 1 << ROW_BITS
# Shorter literals rule nothing out.
SHORTEST: Final = 3

# Case is folded as ASCII does it: bytes of other letters stay what they are.
FOLD: Final = bytes(range(256)).lower()

Words = NDArray[np.uint32]

_U: Final = np.uint32
_THREE, _FOUR_A, _FOUR_B = _U(0x9E3779B1), _U(0x85EBCA77), _U(0xC2B2AE3D)
_BYTE, _MIX = _U(8), _U(15)
_SPARE: Final = 3


def hash_grams(folded: NDArray[np.uint8], threes: Words, fours: Words, scratch: Words) -> None:
    """Fills in the hashes of the grams that begin at each position; the row is their highest ROW_BITS bits.

    `folded` has three bytes more than the others have numbers.
    """
    windows = np.ndarray((len(threes),), "<u4", folded, 0, (1,))
    np.copyto(fours, windows)
    np.left_shift(fours, _BYTE, out=threes)
    threes *= _THREE
    fours *= _FOUR_A
    np.right_shift(fours, _MIX, out=scratch)
    fours ^= scratch
    fours *= _FOUR_B


def rows_of(literal: bytes) -> NDArray[np.uint32]:
    """The rows that every block which holds the folded literal has set."""
    count = len(literal)
    folded = np.frombuffer(literal + bytes(_SPARE), np.uint8)
    threes, fours, scratch = np.empty((3, count), _U)
    hash_grams(folded, threes, fours, scratch)
    grams = np.concatenate((threes[: count - 2], fours[: max(0, count - 3)]))
    return np.unique(grams >> _U(32 - ROW_BITS))
