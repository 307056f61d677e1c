"""The lines of a diff highlighted: each hunk by itself, because the files around them were not read."""

import json
from collections.abc import Iterator, Sequence
from typing import Final

from hub.confined import Lost, confined
from hub.highlight import Language, highlight, language_of
from hub.repos.browsing.diffs.diff_rows import texts_of
from hub.repos.git.diff_records import FileDiff, Hunk, LineKind

# The HTML of each line of each hunk.
Inked = list[list[str]]

_SECONDS: Final = 0.5


def ink(files: Sequence[FileDiff], *, most_lines: int) -> dict[int, Inked]:
    """The highlighted lines of the files by their numbers, as far as `most_lines` go.

    What is of no known language, or comes too late, is left out. A hunk that begins inside of a comment is
    taken for code: reading the whole of both files would cost ten times as much.
    """
    wanted = list(_choose(files, most_lines))
    if not wanted:
        return {}
    for language in {language for _, language in wanted}:
        highlight("", language)  # reads its lexer here, so that not every fork has to
    try:
        answer = confined(lambda: json.dumps(_ink_all(wanted)).encode(), cpu_seconds=_SECONDS)
    except Lost:
        return {}
    return dict(json.loads(answer))


def _choose(files: Sequence[FileDiff], most_lines: int) -> Iterator[tuple[FileDiff, Language]]:
    left = most_lines
    for file in files:
        count = sum(len(hunk.lines) for hunk in file.hunks)
        if count == 0 or count > left or file.entry.is_submodule or file.entry.is_link:
            continue
        name = file.entry.path.rpartition(b"/")[2].decode("utf-8", "replace")
        begins = file.hunks[0].new_start == 1
        language = language_of(name, texts_of(file)[0][0] if begins else "")
        if language is not None:
            left -= count
            yield file, language


def _ink_all(wanted: Sequence[tuple[FileDiff, Language]]) -> list[tuple[int, Inked]]:
    return [
        (file.number, [_ink_hunk(*one, language) for one in zip(file.hunks, texts_of(file), strict=True)])
        for file, language in wanted
    ]


def _ink_hunk(hunk: Hunk, texts: Sequence[str], language: Language) -> list[str]:
    """Both sides are code by themselves; what both have is taken from the new one."""
    kinds = [line.kind for line in hunk.lines]
    html = [""] * len(texts)
    for left_out in (LineKind.ADDED, LineKind.REMOVED):
        places = [place for place, kind in enumerate(kinds) if kind is not left_out]
        side = [texts[place] for place in places]
        if left_out is LineKind.ADDED and LineKind.REMOVED not in kinds:
            continue
        for place, line in zip(places, highlight("\n".join(side) + "\n", language), strict=True):
            html[place] = line
    return html
