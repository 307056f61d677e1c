"""The number of a topic, and the ref that bears it, by what its entries say. Pure."""

from collections.abc import Iterable, Set
from typing import Final

from hub.journal.format.entries import Entry
from hub.journal.format.ref_names import topic_ref

# The kind of entry by which a hub numbers a topic that was opened elsewhere.
NUMBER: Final = "number"


def number_at_home(ordered_entries: Iterable[Entry], homes: Set[str]) -> int:
    """The number that a home gave first, in its opening or afterwards; 0 where none did."""
    said = (one for one in ordered_entries if one.kind == NUMBER or not one.topic)
    return next((_number_in(one) for one in said if one.hub in homes), 0)


def ref_by_number(type: str, number: int, opening: Entry) -> str:  # noqa: A002  # the word of the format
    """The ref of a topic: of the number at home, else of the one it was opened under, with its hub's sign."""
    if number:
        return topic_ref(type, number)
    return topic_ref(type, _number_in(opening), other_hub=opening.hub)


def _number_in(entry: Entry) -> int:
    number = entry.d.get("number")
    return number if type(number) is int else 0
