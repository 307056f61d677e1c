"""How a text becomes terms, and where they stand in it. Pure.

Lower case, accents folded, English words by their stems. An identifier is a term as a whole and in its parts:
`parse_commit` and `parseCommit` are found by `parse` and by `commit` as well. Scripts that put no blanks
between words become pairs of letters.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from whoosh.lang.porter import stem as porter_stem

# Longer ones are no words, and nobody types them.
LONGEST_TERM: Final = 80

# Marks that belong to the letter before them, and the scripts that write vowels so.
_MARKS: Final = (
    "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0dff\u0e00-\u0eff\u3099\u309a"
)
_UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_WORD: Final = re.compile(rf"[\w{_MARKS}]+")
_RUN: Final = re.compile(rf"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_IS_UNSPACED: Final = re.compile(rf"[{_UNSPACED}]")
_PART: Final = re.compile(r"[^_]+?(?=_|$|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]))")
_ACCENTS: Final = dict.fromkeys(range(0x300, 0x370))


@dataclass(frozen=True, slots=True)
class Token:
    """A term, the number of its place among the terms of the text, and which letters of the text it is."""

    term: str
    position: int
    begin: int
    end: int
    # A whole identifier stands where the first of its parts does.
    is_whole: bool = False


def tokens_of(text: str) -> Iterator[Token]:
    """The terms of a text, in order."""
    position = 0
    for word in _WORD.finditer(text):
        for run in _RUN.finditer(word[0]):
            begin = word.start() + run.start()
            if _IS_UNSPACED.match(run[0]):
                made = _pairs(run[0], position, begin)
            else:
                made = _identifier(run[0], position, begin)
            for one in made:
                yield one
                position = max(position, one.position + 1)


def _pairs(run: str, position: int, begin: int) -> Iterator[Token]:
    """Each letter with the one after it; the last one alone."""
    for at in range(len(run)):
        term = _fold(run[at : at + 2])
        yield Token(term, position + at, begin + at, begin + min(at + 2, len(run)))


def _identifier(word: str, position: int, begin: int) -> Iterator[Token]:
    parts = list(_PART.finditer(word))
    if len(parts) != 1:
        whole = _term(word.strip("_"))
        if whole:
            yield Token(whole, position, begin, begin + len(word), is_whole=True)
    for at, part in enumerate(parts):
        yield Token(_term(part[0]), position + at, begin + part.start(), begin + part.end())


def _term(word: str) -> str:
    folded = _fold(word)
    return _stem(folded) if folded.isascii() and folded.isalpha() else folded[:LONGEST_TERM]


def _fold(word: str) -> str:
    if word.isascii():
        return word.lower()
    apart = unicodedata.normalize("NFKD", word.casefold()).translate(_ACCENTS)
    return unicodedata.normalize("NFC", apart)


@lru_cache(50_000)
def _stem(word: str) -> str:
    return str(porter_stem(word))[:LONGEST_TERM]


@dataclass(frozen=True, slots=True)
class Sequence:
    """Terms that stand one after another: each with its distance from the first."""

    terms: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Beginning:
    """Terms that begin so."""

    letters: str


Atom = Sequence | Beginning


def atoms_of(text: str, *, is_phrase: bool = False) -> tuple[Atom, ...]:
    """What is to be found for these words: any of the atoms; none where the text has no letter and no digit.

    A word with a star at its end is the beginning of words, unless it `is_phrase`.
    """
    tokens, words = list(tokens_of(text)), _WORD.findall(text)
    parts = [one for one in tokens if not one.is_whole]
    if not parts:
        return ()
    sequence = _sequence(parts)
    if is_phrase or len(words) != 1:
        return (sequence,)
    if len(words[0]) == 1 and _IS_UNSPACED.match(words[0]):
        return (Beginning(_fold(words[0])),)
    if text.endswith("*"):
        return (Beginning(_fold(words[0]).strip("_")[:LONGEST_TERM]), sequence)
    wholes = (one.term for one in tokens if one.is_whole and one.end - one.begin == len(words[0]))
    return (sequence, *(Sequence(((one, 0),)) for one in wholes))


def _sequence(parts: list[Token]) -> Sequence:
    first, last = parts[0], parts[-1]
    # The last letter of a run stands alone where the run ends, and only there.
    if len(parts) > 1 and last.end == parts[-2].end:
        parts = parts[:-1]
    return Sequence(tuple((one.term, one.position - first.position) for one in parts))
