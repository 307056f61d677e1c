"""Long lists, some at a time: a statement takes only so many values, and memory only so many texts. Pure."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def parts(some: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """So many at a time, in order."""
    for begin in range(0, len(some), size):
        yield some[begin : begin + size]
