"""Marks ranges of letters in a line that is HTML already, as highlighting makes it. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

# What one letter became, or several plain ones; spans do not hold each other.
_TOKENS: Final = re.compile(r'<span class="(\w+)">|(</span>)|(<mark>[^<]*</mark>|&\w+;|&#\d+;)|([^<&]+)')


def put_marks(html: str, ranges: Sequence[tuple[int, int]], tag: str) -> str:
    """The line with `<tag>` around each range, which are in order; colours go on inside of marks."""
    writer = _Writer(tag)
    edges = [edge for one in ranges for edge in one]
    position = passed = 0
    for ink, text, is_one_letter in _pieces(html):
        left = text
        while left:
            while passed < len(edges) and edges[passed] <= position:
                passed += 1
            room = edges[passed] - position if passed < len(edges) else len(left)
            count = len(left) if is_one_letter else min(room, len(left))
            # An odd number of edges lies behind: this is inside of a range.
            writer.write(ink, left[:count], is_marked=passed % 2 == 1)
            left = left[count:]
            position += 1 if is_one_letter else count
    return writer.done()


def _pieces(html: str) -> Iterator[tuple[str, str, bool]]:
    """Each piece of text with its colour, and whether all of it stands for one letter."""
    ink = ""
    for token in _TOKENS.finditer(html):
        opened, closed, one_letter, plain = token.groups()
        if plain or one_letter:
            yield ink, plain or one_letter, not plain
        else:
            ink = "" if closed else opened


class _Writer:
    """Opens and closes marks and colours where they change, and nowhere else."""

    def __init__(self, tag: str) -> None:
        self._tag = tag
        self._pieces: list[str] = []
        self._ink = ""
        self._is_marked = False

    def write(self, ink: str, text: str, *, is_marked: bool) -> None:
        """Adds the text in this colour."""
        if self._ink and (ink != self._ink or is_marked != self._is_marked):
            self._pieces.append("</span>")
            self._ink = ""
        if is_marked != self._is_marked:
            self._pieces.append(f"<{self._tag}>" if is_marked else f"</{self._tag}>")
            self._is_marked = is_marked
        if ink != self._ink:
            self._pieces.append(f'<span class="{ink}">')
            self._ink = ink
        self._pieces.append(text)

    def done(self) -> str:
        """The whole line, with everything closed."""
        self.write("", "", is_marked=False)
        return "".join(self._pieces)
