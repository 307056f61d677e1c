"""The part of a text in which what was looked for stands, in pieces that are marked or not. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hub.search.words.analysis import Atom, Beginning, Token, tokens_of

_LENGTH: Final = 240
# What stands before the first mark.
_BEFORE: Final = 60
# What is looked at of a text.
_MOST: Final = 100_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text, and whether it is what was looked for."""

    text: str
    is_found: bool


def mark(text: str, atoms: Iterable[Atom]) -> tuple[Piece, ...]:
    """The whole text in pieces."""
    return _pieces(text, _spans(text, atoms), 0, len(text))


def snippet(text: str, atoms: Iterable[Atom]) -> tuple[Piece, ...]:
    """The part of the text with the most that was looked for; its beginning where there is nothing of it."""
    text = text[:_MOST]
    spans = _spans(text, atoms)
    begin = _best_begin(text, spans)
    end = min(begin + _LENGTH, len(text))
    while end < len(text) and not text[end].isspace() and end - begin < _LENGTH + _BEFORE:
        end += 1
    pieces = _pieces(text, spans, begin, end)
    before = (Piece("… ", is_found=False),) if begin else ()
    after = (Piece(" …", is_found=False),) if end < len(text) else ()
    return (*before, *pieces, *after)


def _best_begin(text: str, spans: Sequence[tuple[int, int]]) -> int:
    best, most = 0, 0
    begins = [begin for begin, _ in spans]
    for at, begin in enumerate(begins):
        held = sum(1 for one in begins[at:] if one < begin + _LENGTH - _BEFORE)
        if held > most:
            best, most = begin, held
    if best <= _BEFORE:
        return 0
    start = best - _BEFORE
    blank = text.find(" ", start, best)
    return blank + 1 if blank >= 0 else start


def _spans(text: str, atoms: Iterable[Atom]) -> list[tuple[int, int]]:
    """Where the words stand, in order, none over another."""
    atoms = list(atoms)
    beginnings = tuple(one.letters for one in atoms if isinstance(one, Beginning))
    sequences = [one.terms for one in atoms if not isinstance(one, Beginning)]
    tokens = list(tokens_of(text[:_MOST]))
    found: list[tuple[int, int]] = []
    by_position: dict[int, list[Token]] = {}
    for token in tokens:
        by_position.setdefault(token.position, []).append(token)
    for token in tokens:
        if beginnings and token.term.startswith(beginnings):
            found.append((token.begin, token.end))
        for terms in sequences:
            if token.term == terms[0][0]:
                found += _sequence_spans(by_position, token, terms)
    return _joined(sorted(found))


def _sequence_spans(
    by_position: dict[int, list[Token]], first: Token, terms: Sequence[tuple[str, int]]
) -> list[tuple[int, int]]:
    spans = [(first.begin, first.end)]
    for term, distance in terms[1:]:
        there = [one for one in by_position.get(first.position + distance, ()) if one.term == term]
        if not there:
            return []
        spans.append((there[0].begin, there[0].end))
    return [(spans[0][0], spans[-1][1])]


def _joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for begin, end in spans:
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


def _pieces(text: str, spans: Sequence[tuple[int, int]], begin: int, end: int) -> tuple[Piece, ...]:
    pieces = []
    here = begin
    for first, last in spans:
        if last <= begin or first >= end:
            continue
        if here < first:
            pieces.append(Piece(text[here:first], is_found=False))
        here = min(last, end)
        pieces.append(Piece(text[max(first, begin) : here], is_found=True))
    if here < end:
        pieces.append(Piece(text[here:end], is_found=False))
    return tuple(pieces)
