"""Names that begin like what somebody types: of files, and of what files define."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from hub.search.engine.pages import Hit
from hub.search.engine.segments import Mask, Segment
from hub.search.engine.symbols import definitions_of

# Of a segment, in the order of the alphabet: names that are taken, and that are looked at for them.
_MOST_TAKEN: Final = 100
_MOST_READ: Final = 400


@dataclass(frozen=True, slots=True)
class Completion:
    """A name, and the likeliest documents that bear or define it."""

    name: bytes
    hits: tuple[Hit, ...]


def complete(
    segments: Sequence[Segment], field: str, prefix: bytes, visible: Callable[[Segment], Mask], *, most: int
) -> list[Completion]:
    """Names of a field that begin with the prefix, the shortest first, as far as they may be seen."""
    found: dict[bytes, list[Hit]] = {}
    for segment in segments:
        if segment.code is None:
            continue
        mask = visible(segment)
        if segment.live is not None:
            mask = mask & segment.live
        if not mask.any():
            continue
        taken = 0
        for name in segment.names_from(field, prefix, _MOST_READ):
            documents = segment.documents_with(field, name)
            documents = documents[mask[documents]]
            taken += bool(len(documents))
            if taken > _MOST_TAKEN:
                break
            likeliest = documents[np.argsort(-segment.prior[documents], kind="stable")[:most]].tolist()
            found.setdefault(name, []).extend(
                Hit(segment, document, float(segment.prior[document])) for document in likeliest
            )
    names = sorted((name for name, hits in found.items() if hits), key=lambda one: (len(one), one))[:most]
    return [Completion(name, tuple(_best(found[name], most))) for name in names]


def written_name(symbol: bytes, hit: Hit) -> bytes:
    """The symbol with its capitals, as the document that defines it has it."""
    code = hit.segment.code
    assert code is not None, "a hit has a text"
    begin, end = code.place_of(hit.document)
    text = code.buffer[begin:end]
    for first, last in definitions_of(symbol, text):
        name: bytes = text[first:last]
        return name
    return symbol


def _best(hits: Sequence[Hit], most: int) -> list[Hit]:
    return sorted(hits, key=lambda one: (-one.score, one.number))[:most]
