"""Which texts the entries of a topic take away. Pure.

A `redact` entry names texts by their digests, so that it works for kinds that nobody here knows. It counts
for any text where a home made it, which checked the person's right; elsewhere for texts of the same hub.
"""

from collections.abc import Iterable, Mapping, Set
from typing import Final

from hub.journal.format.codec import VERSION
from hub.journal.format.entries import Entry, ordered

REDACT: Final = "redact"


def note_texts(entry: Entry, hubs: dict[str, str]) -> None:
    """Notes at which hub the texts of an entry were written, by digest: where they appeared first."""
    for digest in entry.digests:
        hubs.setdefault(digest, entry.hub)


def taken_by(entry: Entry, hubs: Mapping[str, str], homes: Set[str]) -> set[str]:
    """The digests that a `redact` entry takes away; raises TypeError where it holds no list of them."""
    named = entry.d["bodies"]
    if type(named) is not list or not all(type(one) is str for one in named):
        raise TypeError("no digests")
    return {one for one in named if entry.hub in homes or hubs.get(one) == entry.hub}


def list_taken(entries: Iterable[Entry], homes: Set[str]) -> set[str]:
    """The digests of all texts that the entries of a topic take away."""
    hubs: dict[str, str] = {}
    found: set[str] = set()
    for entry in ordered(entries):
        if entry.kind == REDACT and entry.v == VERSION:
            try:
                found |= taken_by(entry, hubs, homes)
            except (KeyError, TypeError):  # malformed: it takes nothing away
                continue
        note_texts(entry, hubs)
    return found
