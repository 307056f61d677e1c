"""The lines of a file as HTML with inks, a chunk at a time; kept by the id of what the file holds."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from hub import highlight
from hub.config import Config
from hub.confined import Lost, confined
from hub.highlight import Language
from hub.kept import Kept, kept_in
from hub.repos.slots import LineMark

CHUNK_LINES: Final = 1_000
_KIND: Final = "inked"
# Of how lines are numbered here, and how many are kept together.
_VERSION: Final = 1
_CPU_SECONDS: Final = 1.5
# As `_numbered` writes it; in a line's own text there is no such thing, for all of it was escaped.
_NUMBER: Final = re.compile(r'<a id="L(\d+)" [^>]*>\d+</a>')


@dataclass(frozen=True, slots=True)
class Inked:
    """The lines of one blob's text, in one language or none."""

    config: Config
    blob_id: str
    language: Language | None
    text: str

    def html(self, first: int, last: int) -> Markup:
        """Lines `first` to `last`, counted from 1, each behind a link with its number; those there are."""
        if last < first:
            return Markup()
        chunks = range((first - 1) // CHUNK_LINES, (last - 1) // CHUNK_LINES + 1)
        html = "".join(self._chunks(chunks))
        start = chunks[0] * CHUNK_LINES + 1
        if first != start or last < (chunks[-1] + 1) * CHUNK_LINES:
            html = "".join(f"{line}\n" for line in html[:-1].split("\n")[first - start : last + 1 - start])
        return Markup(html)  # noqa: S704  # each line was escaped, letter by letter, where it was made

    def make_all(self) -> None:
        """Has every chunk be there when it is asked for."""
        count = -(-len(highlight.split_lines(self.text)) // CHUNK_LINES)
        if count and self.language is not None:
            self._chunks(range(count - 1, count))

    def _chunks(self, wanted: range) -> list[str]:
        if self.language is None:
            start = wanted[0] * CHUNK_LINES
            lines = highlight.split_lines(self.text)[start : (wanted[-1] + 1) * CHUNK_LINES]
            return [_numbered(map(highlight.plain, lines), start + 1)]
        kept = kept_in(self.config)
        found = [kept.get(_KIND, *self._key(number)) for number in wanted]
        if None in found:
            return self._make(kept, wanted[-1])[wanted[0] :]
        return [data.decode() for data in found if data is not None]

    def _make(self, kept: Kept, last_chunk: int) -> list[str]:
        """All chunks up to that one: a language is read from its beginning."""
        wanted = (last_chunk + 1) * CHUNK_LINES

        def work() -> bytes:
            return "\n".join(highlight.highlight(self.text, self.language, last=wanted)).encode()

        highlight.highlight("", self.language)  # reads its lexer here, so that not every fork has to
        try:
            lines = confined(work, cpu_seconds=_CPU_SECONDS).decode().split("\n")
        except Lost:
            lines = highlight.highlight(self.text, None, last=wanted)
        starts = range(0, len(lines), CHUNK_LINES)
        chunks = [_numbered(lines[start : start + CHUNK_LINES], start + 1) for start in starts]
        for number, chunk in enumerate(chunks):
            kept.put(_KIND, *self._key(number), data=chunk.encode())
        return chunks

    def _key(self, number: int) -> tuple[str | int, ...]:
        assert self.language is not None
        return highlight.VERSION, _VERSION, self.blob_id, self.language.key, number


def _numbered(lines: Iterable[str], first: int) -> str:
    return "".join(
        f'<a id="L{number}" href="#L{number}" tabindex="-1">{number}</a>{line}\n'
        for number, line in enumerate(lines, first)
    )


def cut_at_marks(html: Markup, marks: Mapping[int, LineMark]) -> Iterator[tuple[Markup, LineMark | None]]:
    """Numbered lines in pieces, each with the mark that stands behind it, where one does.

    What is kept of lines is everybody's; who may see a mark is asked each time.
    """
    here = 0
    for number in _NUMBER.finditer(html) if marks else ():
        mark = marks.get(int(number[1]))
        if mark is not None:
            yield html[here : number.end()], mark
            here = number.end()
    yield html[here:], None
