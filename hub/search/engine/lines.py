"""The lines of a text in which something was found, with those around them. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from hub.search.engine.candidates import Wanted
from hub.search.engine.column import CodeReader
from hub.search.engine.patterns import Pattern, Span

CONTEXT: Final = 3
LONGEST: Final = 400

MOST_COUNTED: Final = 300

_EVERYWHERE: Final = 1 << 62
_BEFORE_MATCH: Final = 80
_CUT: Final = "\u2026"
_LINE: Final = 10


@dataclass(frozen=True, slots=True)
class Line:
    """One line, counted from 1; `marks` are the parts of the text that were found. A long one is cut."""

    number: int
    text: str
    marks: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Passages:
    """Lines with what was found, and some around each; those that touch are one passage.

    `more` is how many lines with a match follow, at least so many unless it `is_counted`.
    """

    passages: tuple[tuple[Line, ...], ...] = ()
    more: int = 0
    is_counted: bool = True


def passages_of(
    code: CodeReader,
    document: int,
    alternatives: Sequence[Wanted],
    *,
    most: int,
    after: int = 0,
    counted: int = MOST_COUNTED,
) -> Passages:
    """The first lines of a document in which something is found, behind the line `after`.

    At most so many lines with a match; none where only the path matches. No more than `counted` places of
    each pattern are looked at.
    """
    content = _content(code, document)
    text, is_counted = _Text(content), True
    by_line: dict[int, list[Span]] = {}
    for pattern in _patterns(code, document, alternatives):
        spans = pattern.spans_in(content, counted + 1)
        is_counted &= len(spans) <= counted
        for number, span in zip(text.lines_at(spans[:counted]), spans, strict=False):
            by_line.setdefault(number, []).append(span)
    numbers = sorted(one for one in by_line if one > after)
    passages: list[list[Line]] = []
    shown = after
    for number in numbers[:most]:
        first = max(shown + 1, number - CONTEXT)
        last = min(number + CONTEXT, text.count)
        lines = [text.line(one, by_line.get(one, ())) for one in range(first, last + 1)]
        if passages and first == shown + 1:
            passages[-1] += lines
        elif lines:
            passages.append(lines)
        shown = max(shown, last)
    return Passages(tuple(map(tuple, passages)), len([one for one in numbers if one > shown]), is_counted)


def every_line(code: CodeReader, document: int, alternatives: Sequence[Wanted]) -> Iterator[Line]:
    """Every line of the document in which something is found, in order."""
    content = _content(code, document)
    patterns = _patterns(code, document, alternatives)
    spans = sorted(span for one in patterns for span in one.spans_in(content, _EVERYWHERE))
    text = _Text(content)
    by_line: dict[int, list[Span]] = {}
    for number, span in zip(text.lines_at(spans), spans, strict=True):
        by_line.setdefault(number, []).append(span)
    yield from (text.line(number, found) for number, found in sorted(by_line.items()))


def _content(code: CodeReader, document: int) -> bytes:
    """The content of a document, which follows the line of its path."""
    begin, end = code.place_of(document)
    content: bytes = code.buffer[code.buffer.find(b"\n", begin) + 1 : end]
    return content


def _patterns(code: CodeReader, document: int, alternatives: Sequence[Wanted]) -> list[Pattern]:
    """What is found in the document: the patterns of those alternatives that it matches."""
    if len(alternatives) > 1:
        begin, end = code.place_of(document)
        text = code.buffer[begin:end]
        alternatives = [one for one in alternatives if _is_met(one, text)]
    return [pattern for one in alternatives for pattern in one.patterns]


def _is_met(wanted: Wanted, text: bytes) -> bool:
    has_all = all(one.spans_in(text, 1) for one in wanted.patterns)
    return has_all and not any(one.spans_in(text, 1) for one in wanted.without)


class _Text:
    """A text whose lines are known."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._ends = np.flatnonzero(np.frombuffer(content, np.uint8) == _LINE)
        # What follows the last line feed is a line where there is something.
        self.count = len(self._ends) + (not content.endswith(b"\n") and bool(content))

    def lines_at(self, spans: Sequence[Span]) -> list[int]:
        """The number of the line in which each begins."""
        begins = np.array([first for first, _ in spans], np.int64)
        numbers: list[int] = (np.searchsorted(self._ends, begins) + 1).tolist()
        return numbers

    def line(self, number: int, spans: Sequence[Span]) -> Line:
        """A line with what of the spans is in it."""
        begin = int(self._ends[number - 2]) + 1 if number > 1 else 0
        end = int(self._ends[number - 1]) if number <= len(self._ends) else len(self._content)
        raw = self._content[begin:end].removesuffix(b"\r")
        inside = [
            (first - begin, min(last - begin, len(raw)))
            for first, last in spans
            if begin <= first < begin + len(raw)
        ]
        return _cut(number, raw, _joined(inside))


def _joined(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, those that overlap as one."""
    result: list[Span] = []
    for begin, end in sorted(spans):
        if result and begin < result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((begin, end))
    return result


def _cut(number: int, raw: bytes, spans: Sequence[Span]) -> Line:
    before, after = 0, len(raw)
    if len(raw) > LONGEST:
        before = max(0, (spans[0][0] if spans else 0) - _BEFORE_MATCH)
        after = min(len(raw), before + LONGEST)
    pieces: list[str] = [_CUT] if before else []
    length = len(pieces)
    marks: list[Span] = []
    here = before
    for begin, end in ((max(first, here), min(last, after)) for first, last in spans):
        if begin >= end:
            continue
        for piece, is_marked in ((raw[here:begin], False), (raw[begin:end], True)):
            decoded = piece.decode("utf-8", "replace")
            if is_marked:
                marks.append((length, length + len(decoded)))
            pieces.append(decoded)
            length += len(decoded)
        here = end
    pieces.append(raw[here:after].decode("utf-8", "replace"))
    if after < len(raw):
        pieces.append(_CUT)
    return Line(number, "".join(pieces), tuple(marks))
