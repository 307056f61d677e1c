"""What is looked for in a text: a literal, or a regular expression that is read by RE2 alone.

A regular expression of Python's own can take for ever; RE2's takes time in proportion to the text. No match
leaves its line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import re2

from hub.search.engine.grams import FOLD
from hub.search.engine.plans import Plan, plan_literal, plan_regex

Span = tuple[int, int]

LONGEST: Final = 1000

# A line begins and ends where a text of one line does.
_BEFORE: Final = "(?m)"
_MOST_MEMORY: Final = 8 << 20
_FOLDED_AT_ONCE: Final = 1 << 15
_MOST_LAP: Final = 1 << 8
_WORD: Final = re.compile(r"\w+", re.ASCII)


class BadPattern(ValueError):
    """A regular expression that RE2 does not read, and why."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One thing to look for. `plan` is what the filter is asked, `word` the folded literal if it is a word.

    `raw` is the literal as it was written, empty for a regular expression. `line` says the same of a path as
    the pattern: a part, in small letters, of the path between a slash and a line feed; empty for most.
    """

    plan: Plan
    word: bytes
    raw: bytes
    _literal: bytes | None
    _is_folded: bool
    _regex: Any
    line: bytes = b""

    def spans_in(self, content: bytes, most: int, folded: "Folded | None" = None) -> list[Span]:
        """Where it stands in the text, first to last, at most so often; what overlaps counts once.

        `folded` is the text, where several patterns are looked for in it.
        """
        if self._regex is not None:
            return self._spans_of_regex(self._regex, content, most)
        assert self._literal is not None
        if self._is_folded and (folded is not None or len(content) > _FOLDED_AT_ONCE):
            return self._spans_of_folded(self._literal, folded or Folded(content), most)
        content = content.lower() if self._is_folded else content
        found: list[Span] = []
        size, at = len(self._literal), content.find(self._literal)
        while at >= 0 and len(found) < most:
            found.append((at, at + size))
            at = content.find(self._literal, at + size)
        return found

    @staticmethod
    def _spans_of_folded(literal: bytes, folded: "Folded", most: int) -> list[Span]:
        found: list[Span] = []
        size, after = len(literal), 0
        for begin, part in folded.parts(size):
            at = part.find(literal, max(0, after - begin))
            while at >= 0:
                after = begin + at + size
                found.append((after - size, after))
                if len(found) == most:
                    return found
                at = part.find(literal, at + size)
        return found

    @staticmethod
    def _spans_of_regex(regex: Any, content: bytes, most: int) -> list[Span]:
        found: list[Span] = []
        for match in regex.finditer(content):
            begin, end = match.span()
            # What matches nothing is found everywhere.
            if end > begin:
                found.append((begin, end))
            if len(found) >= most:
                break
        return found


class Folded:
    """A text with the case of its letters folded, as far as somebody looks."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._parts: list[bytes] = []

    def parts(self, size: int) -> Iterator[tuple[int, bytes]]:
        """Parts of the text, and where each begins, so that what is of that size is whole in one of them."""
        if size > _MOST_LAP:
            yield 0, self._content.lower()
            return
        for number, begin in enumerate(range(0, len(self._content), _FOLDED_AT_ONCE)):
            if number == len(self._parts):
                end = begin + _FOLDED_AT_ONCE + _MOST_LAP
                self._parts.append(self._content[begin:end].lower())
            yield begin, self._parts[number]


def literal(words: str, *, is_exact: bool = False) -> Pattern:
    """Looks for these words as they are; without `is_exact` in whichever case. They hold no line feed."""
    raw = words.encode()
    folded = raw.translate(FOLD)
    word = folded if _WORD.fullmatch(words) else b""
    if is_exact or words.isascii():
        return Pattern(plan_literal(words), word, raw, raw if is_exact else folded, not is_exact, None)
    # Letters beyond ASCII have cases that bytes do not show.
    return Pattern(plan_literal(words), word, raw, None, True, _compile(re2.escape(words), is_exact=False))


def whole_word(name: str) -> Pattern:
    """Looks for this name in its case, where no letter, digit or _ of ASCII goes on with it at its ends."""
    before, after = (r"\b" if _WORD.fullmatch(one) else "" for one in (name[:1], name[-1:]))
    compiled = _compile(before + re2.escape(name) + after, is_exact=True)
    raw = name.encode()
    word = raw.translate(FOLD) if _WORD.fullmatch(name) else b""
    return Pattern(plan_literal(name), word, raw, None, False, compiled)


def regex(pattern: str, *, is_exact: bool = False) -> Pattern:
    """Looks for what the expression matches in a line; raises BadPattern for one that RE2 does not read."""
    if len(pattern) > LONGEST:
        raise BadPattern(f"more than {LONGEST} characters")
    try:
        compiled = _compile(pattern, is_exact=is_exact)
    except re2.error as error:
        raise BadPattern(_words(error.args[0] if error.args else b"")) from error
    return Pattern(plan_regex(pattern), b"", b"", None, not is_exact, compiled)


def exactly(line: bytes) -> Pattern:
    """Looks for lines that are these bytes and nothing else, whether or not they are UTF-8."""
    options = _options(is_exact=True)
    options.encoding = re2.Options.Encoding.LATIN1
    escaped = "".join(f"\\x{{{one:x}}}" for one in line)
    return Pattern(None, b"", line, None, False, re2.compile(f"{_BEFORE}^{escaped}$".encode(), options))


def _words(said: object) -> str:
    # What RE2 quotes begins with what was put before the pattern.
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return words.replace(_BEFORE, "")


def _compile(pattern: str, *, is_exact: bool) -> Any:
    return re2.compile(f"{_BEFORE}{pattern}".encode(), _options(is_exact=is_exact))


def _options(*, is_exact: bool) -> Any:  # of RE2
    options = re2.Options()
    options.never_nl = True
    options.log_errors = False
    options.max_mem = _MOST_MEMORY
    options.case_sensitive = is_exact
    return options
