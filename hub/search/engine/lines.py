"""The lines of a text in which something was found, with those around them. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hub.search.engine.candidates import Wanted
from hub.search.engine.column import CodeReader
from hub.search.engine.pages import Hit
from hub.search.engine.patterns import Span

CONTEXT: Final = 3
LONGEST: Final = 400

_EVERYWHERE: Final = 1 << 62
_BEFORE_MATCH: Final = 80
_CUT: Final = "\u2026"


@dataclass(frozen=True, slots=True)
class Line:
    """One line, counted from 1; `marks` are the parts of the text that were found. A long one is cut."""

    number: int
    text: str
    marks: tuple[Span, ...] = ()


def passages_of(hit: Hit, *, most: int) -> list[list[Line]]:
    """The lines of a hit with what was found, and some around each; those that touch are one passage.

    At most so many lines with a match; none where only the path matches.
    """
    code = hit.segment.code
    assert code is not None, "a hit has a text"
    begin, content = _content(code, hit.document)
    spans = [(first - begin, last - begin) for first, last in hit.spans if first >= begin]
    text = _Text(content)
    wanted = sorted({text.line_at(first) for first, _ in spans})[:most]
    passages: list[list[Line]] = []
    shown = 0
    for number in wanted:
        first = max(shown + 1, number - CONTEXT)
        lines = [text.line(one, spans) for one in range(first, min(number + CONTEXT, text.count) + 1)]
        if passages and first == shown + 1:
            passages[-1] += lines
        else:
            passages.append(lines)
        shown = lines[-1].number if lines else shown
    return passages


def every_line(code: CodeReader, document: int, wanted: Wanted) -> Iterator[Line]:
    """Every line of the document in which one of the patterns is found, in order."""
    _, content = _content(code, document)
    spans = sorted(span for one in wanted.patterns for span in one.spans_in(content, _EVERYWHERE))
    text = _Text(content)
    by_line: dict[int, list[Span]] = {}
    for span in spans:
        by_line.setdefault(text.line_at(span[0]), []).append(span)
    yield from (text.line(number, found) for number, found in sorted(by_line.items()))


def _content(code: CodeReader, document: int) -> tuple[int, bytes]:
    """Where the content of a document begins, after the line of its path, and the content."""
    begin, end = code.place_of(document)
    begin = code.buffer.find(b"\n", begin) + 1
    return begin, code.buffer[begin:end]


class _Text:
    """A text whose lines are known."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._begins = [0]
        at = content.find(b"\n")
        while at >= 0:
            self._begins.append(at + 1)
            at = content.find(b"\n", at + 1)
        self.count = len(self._begins) - (self._begins[-1] == len(content))

    def line_at(self, place: int) -> int:
        """The number of the line there."""
        return bisect_right(self._begins, place)

    def line(self, number: int, spans: Sequence[Span]) -> Line:
        """A line with what of the spans is in it."""
        begin = self._begins[number - 1]
        end = self._begins[number] - 1 if number < len(self._begins) else len(self._content)
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
