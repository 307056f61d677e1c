"""The lines of a text in which something was found, with those around them. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

import numpy as np

from hub.search.engine.candidates import Wanted
from hub.search.engine.column import CodeReader
from hub.search.engine.patterns import Folded, Pattern, Span
from hub.search.engine.symbols import definitions_of

CONTEXT: Final = 3
LONGEST: Final = 400

MOST_COUNTED: Final = 100

_EVERYWHERE: Final = 1 << 62
_BEFORE_MATCH: Final = 80
_CUT: Final = "\u2026"
_LINE: Final = 10
# A line of so many letters has no more than LONGEST bytes.
_SHORT: Final = LONGEST // 4


class Line(NamedTuple):
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
    symbols: Sequence[bytes] = (),
    counted: int = MOST_COUNTED,
) -> Passages:
    """The first lines of a document in which something is found, behind the line `after`.

    At most so many lines with a match; none where only the path matches. Where the document defines one of
    the symbols it is found as well. No more than `counted` places of all patterns are looked at.
    """
    content = _content(code, document)
    folded = Folded(content)
    patterns = _patterns(code, document, alternatives)
    counted = max(most, counted // max(len(patterns), 1))
    found = [one.spans_in(content, counted + 1, folded) for one in patterns]
    found += [list(islice(definitions_of(one, content), counted)) for one in symbols]
    spans = sorted(span for one in found for span in one[:counted])
    text = _Text(content, spans[-1][0] if spans else 0)
    numbers = text.lines_at(spans)
    wanted = list(islice((one for one in dict.fromkeys(numbers) if one > after), most))
    nearest = min(wanted[-1] + CONTEXT, text.count) if wanted else after
    by_line: dict[int, list[Span]] = {}
    for number, span in zip(numbers[: bisect_right(numbers, nearest)], spans, strict=False):
        by_line.setdefault(number, []).append(span)
    ranges: list[tuple[int, int]] = []
    shown = after
    for number in wanted:
        first = max(shown + 1, number - CONTEXT)
        last = min(number + CONTEXT, text.count)
        if ranges and first == shown + 1:
            ranges[-1] = (ranges[-1][0], max(last, shown))
        elif first <= last:
            ranges.append((first, last))
        shown = max(shown, last)
    passages = tuple(tuple(text.lines(first, last, by_line)) for first, last in ranges)
    more = len(set(numbers[bisect_right(numbers, shown) :]))
    return Passages(passages, more, all(len(one) <= counted for one in found))


def every_line(code: CodeReader, document: int, alternatives: Sequence[Wanted]) -> Iterator[Line]:
    """Every line of the document in which something is found, in order."""
    content = _content(code, document)
    patterns = _patterns(code, document, alternatives)
    spans = sorted(span for one in patterns for span in one.spans_in(content, _EVERYWHERE))
    text = _Text(content, len(content))
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
    """A text whose lines are known, at least as far as those around the place `until`."""

    def __init__(self, content: bytes, until: int) -> None:
        stop = until
        for _ in range(CONTEXT + 1):
            stop = content.find(b"\n", stop) + 1 or len(content)
        self._content = content[:stop]
        self._ends = np.flatnonzero(np.frombuffer(self._content, np.uint8) == _LINE)
        # What follows the last line feed is a line where there is something.
        self.count = len(self._ends) + (not self._content.endswith(b"\n") and bool(self._content))

    def lines_at(self, spans: Sequence[Span]) -> list[int]:
        """The number of the line in which each begins."""
        begins = np.array([first for first, _ in spans], np.int64)
        numbers: list[int] = (np.searchsorted(self._ends, begins) + 1).tolist()
        return numbers

    def lines(self, first: int, last: int, by_line: Mapping[int, Sequence[Span]]) -> list[Line]:
        """The lines from the first to the last of these."""
        if first > last:
            return []
        raw = self._content[self._begin(first) : self._end(last)]
        texts = raw.decode("utf-8", "replace").split("\n")
        return [
            self.line(number, by_line.get(number, ()))
            if number in by_line or len(one) > _SHORT
            else Line(number, one.removesuffix("\r"))
            for number, one in enumerate(texts, first)
        ]

    def _begin(self, number: int) -> int:
        return int(self._ends[number - 2]) + 1 if number > 1 else 0

    def _end(self, number: int) -> int:
        return int(self._ends[number - 1]) if number <= len(self._ends) else len(self._content)

    def line(self, number: int, spans: Sequence[Span]) -> Line:
        """A line with what of the spans is in it."""
        begin = self._begin(number)
        raw = self._content[begin : self._end(number)].removesuffix(b"\r")
        size = len(raw)
        inside = [
            (first - begin, min(last - begin, size)) for first, last in spans if begin <= first < begin + size
        ]
        return _cut(number, raw, _joined(inside) if len(inside) > 1 else inside)


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
    if len(raw) <= LONGEST and raw.isascii():
        return Line(number, raw.decode("ascii"), tuple(spans))
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
