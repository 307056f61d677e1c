"""One page of a longer list, the same for every feature."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

T = TypeVar("T")

PAGE_SIZE: Final = 30


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items of a list, and whether there are others before and after; numbers begin at 1."""

    items: Sequence[T]
    number: int
    has_next: bool
    has_previous: bool
    total: int


def offset_of(number: int, size: int = PAGE_SIZE) -> int:
    """How many items stand before the page of that number; a number below 1 counts as 1."""
    return (max(number, 1) - 1) * size


def make_page(items: Sequence[T], *, number: int, total: int, size: int = PAGE_SIZE) -> Page[T]:
    """The page of these items, which were read at `offset_of(number)` out of `total`."""
    number = max(number, 1)
    return Page(
        items=items,
        number=number,
        has_next=offset_of(number + 1, size) < total,
        has_previous=number > 1,
        total=total,
    )
