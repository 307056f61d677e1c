"""The lines of a diff as rows of a table, in one column or side by side. Pure: records in, HTML out.

Rows are put together here and not by a template: a page has thousands, and Jinja takes ten times as long.
Whatever comes from a file passes through `plain`, or was highlighted, before it stands in a row.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice, zip_longest
from typing import Final, NamedTuple

from hub.highlight import plain
from hub.repos.browsing.diffs.word_marks import changed_ranges, pair_lines
from hub.repos.browsing.files.marked_html import put_marks
from hub.repos.browsing.files.texts import decode
from hub.repos.git.diff_records import DiffLine, FileDiff, Hunk, LineKind

# Comparing words takes longer than all else; a file that changed in so many lines is read by lines.
_MOST_MARKED: Final = 400
# What the old side has not, and what the new one has not.
_SIDES: Final = (LineKind.ADDED, LineKind.REMOVED)
_CLASSES: Final = {LineKind.ADDED: "add", LineKind.REMOVED: "del", LineKind.CONTEXT: ""}


class Drawn(NamedTuple):
    """A line with its HTML; `partner` is the place in the hunk of what it became, or was before."""

    line: DiffLine
    html: str
    partner: int | None = None


def texts_of(file: FileDiff) -> list[list[str]]:
    """The lines of each hunk as text.

    Carriage returns at the ends are kept only if some lines of the file have one and others have not: then
    they are what changed.
    """
    lines = [line for hunk in file.hunks for line in hunk.lines]
    has_returns = all(line.text.endswith(b"\r") for line in lines)
    # A side is in one encoding; what changed may be just that.
    encodings = [_encoding(line.text for line in lines if line.kind is not kind) for kind in _SIDES]
    texts = (_text(line, encodings, without_return=has_returns) for line in lines)
    return [list(islice(texts, len(hunk.lines))) for hunk in file.hunks]


def _encoding(lines: Iterable[bytes]) -> str:
    return decode(b"\n".join(lines))[1]


def _text(line: DiffLine, encodings: Sequence[str], *, without_return: bool) -> str:
    data = line.text.removesuffix(b"\r") if without_return else line.text
    return data.decode(encodings[line.kind is not LineKind.REMOVED], "replace")


def draw(
    file: FileDiff, *, is_split: bool, no_end: str, inked: Sequence[Sequence[str]] | None = None
) -> list[list[str]]:
    """The rows of each hunk of the file.

    `no_end` says to the reader that a file ends without a line feed; `inked` are the lines of `texts_of` as
    HTML, where they were highlighted.
    """
    rows = []
    marks_left = _MOST_MARKED
    for number, (hunk, texts) in enumerate(zip(file.hunks, texts_of(file), strict=True)):
        html = inked[number] if inked is not None else [plain(text) for text in texts]
        marks = _marks(hunk, texts) if marks_left > 0 else {}
        marks_left -= len(marks)
        drawn = [
            _draw_line(*one, marks.get(place), no_end)
            for place, one in enumerate(zip(hunk.lines, html, strict=True))
        ]
        rows.append(list(_split(file.number, drawn) if is_split else _unified(file.number, drawn)))
    return rows


_Mark = tuple[int, Sequence[tuple[int, int]]]


def _marks(hunk: Hunk, texts: Sequence[str]) -> dict[int, _Mark]:
    """Partner and ranges of the lines that are one line which was changed, by their places in the hunk."""
    found: dict[int, _Mark] = {}
    for removed, added in _changes(hunk):
        for one, other in pair_lines([texts[at] for at in removed], [texts[at] for at in added]):
            ranges = changed_ranges(texts[removed[one]], texts[added[other]])
            if ranges is not None:
                found[removed[one]] = (added[other], ranges[0])
                found[added[other]] = (removed[one], ranges[1])
    return found


def _changes(hunk: Hunk) -> Iterator[tuple[Sequence[int], Sequence[int]]]:
    """The places of removed lines, and those of the added ones that stand right behind them."""
    removed: Sequence[int] = ()
    for kind, group in groupby(range(len(hunk.lines)), key=lambda at: hunk.lines[at].kind):
        places = list(group)
        if kind is LineKind.ADDED and removed:
            yield removed, places
        removed = places if kind is LineKind.REMOVED else ()


def _draw_line(line: DiffLine, html: str, mark: _Mark | None, no_end: str) -> Drawn:
    partner, ranges = mark or (None, ())
    if ranges:
        html = put_marks(html, ranges, "ins" if line.kind is LineKind.ADDED else "del")
    if not line.has_end:
        html += f'<span class="no-end">{plain(no_end)}</span>'
    return Drawn(line, html, partner)


def _unified(file_number: int, lines: Sequence[Drawn]) -> Iterator[str]:
    for line, html, _ in lines:
        kind = _CLASSES[line.kind]
        opened = f'<tr class="{kind}">' if kind else "<tr>"
        numbers = _old_number(file_number, line) + _new_number(file_number, line)
        yield f'{opened}{numbers}<td class="ln">{html}</td></tr>'


def _split(file_number: int, lines: Sequence[Drawn]) -> Iterator[str]:
    for left, right in _side_by_side(lines):
        yield f"<tr>{_half(file_number, left, is_old=True)}{_half(file_number, right, is_old=False)}</tr>"


_Level = Iterator[tuple[Drawn | None, Drawn | None]]


def _side_by_side(lines: Sequence[Drawn]) -> _Level:
    """Pairs of lines that stand level: partners do, and what has none stands beside what has none."""
    for is_context, group in groupby(enumerate(lines), key=lambda one: one[1].line.kind is LineKind.CONTEXT):
        if is_context:
            yield from ((one, one) for _, one in group)
        else:
            yield from _change_side_by_side(list(group))


def _change_side_by_side(changed: Sequence[tuple[int, Drawn]]) -> _Level:
    removed = [one for _, one in changed if one.line.kind is LineKind.REMOVED]
    added = [(place, one) for place, one in changed if one.line.kind is LineKind.ADDED]
    numbers = {place: number for number, (place, _) in enumerate(added)}
    left = right = 0
    for at, one in enumerate(removed):
        if one.partner is not None:
            partner = numbers[one.partner]
            yield from _beside(removed[left:at], added[right:partner])
            yield one, added[partner][1]
            left, right = at + 1, partner + 1
    yield from _beside(removed[left:], added[right:])


def _beside(removed: Sequence[Drawn], added: Sequence[tuple[int, Drawn]]) -> _Level:
    return zip_longest(removed, (one for _, one in added))


def _half(file_number: int, drawn: Drawn | None, *, is_old: bool) -> str:
    if drawn is None:
        return '<td class="no void"></td><td class="ln void"></td>'
    line, html, _ = drawn
    kind = _CLASSES[line.kind]
    number = _old_number(file_number, line) if is_old else _new_number(file_number, line)
    return f'{number}<td class="ln{" " + kind if kind else ""}">{html}</td>'


def _old_number(file_number: int, line: DiffLine) -> str:
    if line.kind is LineKind.REMOVED:
        return _anchor(f"f{file_number}o{line.old_number}", line.old_number)
    return f'<td class="no">{line.old_number or ""}</td>'


def _new_number(file_number: int, line: DiffLine) -> str:
    if line.new_number is None:
        return '<td class="no"></td>'
    return _anchor(f"f{file_number}n{line.new_number}", line.new_number)


def _anchor(name: str, number: int | None) -> str:
    # Not a stop of the tab key: a diff is a few of those, not four hundred.
    return f'<td class="no"><a id="{name}" href="#{name}" tabindex="-1">{number}</a></td>'
