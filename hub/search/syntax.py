r"""What somebody wrote into the search box, taken apart. Pure.

    foo->bar(           a word as it stands, punctuation and all
    "exact phrase"      words with blanks between; \" and \\ stand for themselves
    /re.*gex/           a regular expression of RE2; \/ is a slash
    one two             both in one place; one OR two: either
    -word               not that
    name:value          a filter; the value may be quoted, or /a regular expression/ where one is taken

A word with a colon whose first part names no filter (`std::string`, `http://`) is a word.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from hub.errors import Invalid, Text, text

LONGEST: Final = 2000
MOST_TERMS: Final = 40

_FILTER: Final = re.compile(r"([a-z]+):")
_EITHER: Final = "OR"


class Kind(StrEnum):
    """How a term is meant."""

    WORD = "word"
    PHRASE = "phrase"
    REGEX = "regex"


@dataclass(frozen=True, slots=True)
class Term:
    """Something to look for. `at` is where it begins in the query, counted from 0, `end` what follows it."""

    kind: Kind
    text: str
    at: int
    is_excluded: bool = False
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Filter:
    """`name:value`; `kind` says how the value was written."""

    name: str
    value: str
    at: int
    kind: Kind = Kind.WORD
    is_excluded: bool = False
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked: one of the groups, of each all terms; the filters hold for all of them."""

    groups: tuple[tuple[Term, ...], ...]
    filters: tuple[Filter, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked."""
        return not self.filters and not any(self.groups)


class Misunderstood(Invalid):
    """A query that cannot be read; `at` is the place where it goes wrong, counted from 0."""

    def __init__(self, fault: Text, at: int, next_step: Text | None = None) -> None:
        super().__init__(
            text("This search cannot be read: %(fault)s (at character %(at)s).", fault=fault, at=at + 1),
            next_step=next_step,
        )
        self.at = at


def parse(query: str, filters: Collection[str]) -> Query:
    """The query, in which these names are filters; raises Misunderstood."""
    if len(query) > LONGEST:
        raise Misunderstood(text("it has more than %(most)s characters", most=LONGEST), LONGEST)
    if "\0" in query:
        raise Misunderstood(text("it holds a character that is not text"), query.index("\0"))
    groups: list[list[Term]] = [[]]
    found: list[Filter] = []
    either_at: int | None = None
    for part in _Reader(query, filters).parts():
        if isinstance(part, _Either):
            if not groups[-1]:
                raise _lonely(part.at)
            either_at = part.at
            groups.append([])
        elif isinstance(part, Filter):
            found.append(part)
        else:
            groups[-1].append(part)
    if either_at is not None and not groups[-1]:
        raise _lonely(either_at)
    _check(groups, found)
    return Query(tuple(tuple(one) for one in groups), tuple(found))


def with_filter(query: str, name: str, value: str) -> str:
    """The query narrowed by one more filter."""
    needs_quotes = any(one.isspace() or one in '"\\' for one in value) or value.startswith("/")
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f"{query} {name}:" + (f'"{quoted}"' if needs_quotes else value)


def without(query: str, parts: Collection[Filter]) -> str:
    """The query without these of its filters."""
    for one in sorted(parts, key=lambda part: -part.at):
        query = f"{query[: one.at].rstrip()} {query[one.end :].lstrip()}"
    return query.strip()


_NOTHING: Final = {
    Kind.PHRASE: text("there is nothing between the quotes"),
    Kind.REGEX: text("there is nothing between the slashes"),
}


def _lonely(at: int) -> Misunderstood:
    return Misunderstood(
        text("OR stands between two things"), at, text('Write "OR" in quotes to look for the word.')
    )


def _check(groups: list[list[Term]], filters: list[Filter]) -> None:
    places = sorted([*(one.at for one in filters), *(one.at for group in groups for one in group)])
    if len(places) > MOST_TERMS:
        raise Misunderstood(text("it has more than %(most)s parts", most=MOST_TERMS), places[MOST_TERMS])
    for group in groups:
        if group and all(one.is_excluded for one in group) and len(groups) > 1:
            raise Misunderstood(
                text("on one side of OR there is only what is not to be found"),
                group[0].at,
                text("Say what to look for as well."),
            )


@dataclass(frozen=True, slots=True)
class _Either:
    at: int


class _Reader:
    """Reads a query from left to right."""

    def __init__(self, query: str, filters: Collection[str]) -> None:
        self._query, self._filters = query, filters
        self._at = 0

    def parts(self) -> Iterator[Term | Filter | _Either]:
        """Each part, in order."""
        while self._skip_blanks():
            begin = self._at
            if self._takes(_EITHER):
                yield _Either(begin)
                continue
            is_excluded = self._next() == "-" and not self._is_blank(self._at + 1)
            self._at += is_excluded
            name = self._take_name()
            kind, value = self._take_value()
            if name:
                if not value:
                    raise Misunderstood(
                        text("%(name)s: has no value", name=name),
                        begin,
                        text("Write the name in quotes to look for it."),
                    )
                yield Filter(name, value, begin, kind, is_excluded, self._at)
            elif kind is not Kind.WORD and not value:
                raise Misunderstood(_NOTHING[kind], begin)
            elif value:
                yield Term(kind, value, begin, is_excluded, self._at)

    def _skip_blanks(self) -> bool:
        while self._at < len(self._query) and self._is_blank(self._at):
            self._at += 1
        return self._at < len(self._query)

    def _is_blank(self, at: int) -> bool:
        return at >= len(self._query) or self._query[at].isspace()

    def _next(self) -> str:
        return self._query[self._at : self._at + 1]

    def _takes(self, word: str) -> bool:
        end = self._at + len(word)
        if self._query.startswith(word, self._at) and self._is_blank(end):
            self._at = end
            return True
        return False

    def _take_name(self) -> str:
        found = _FILTER.match(self._query, self._at)
        if found is None or found[1] not in self._filters:
            return ""
        self._at = found.end()
        return found[1]

    def _take_value(self) -> tuple[Kind, str]:
        if self._next() == '"':
            return Kind.PHRASE, self._take_quoted('"', text("a quote is not closed"))
        if self._next() == "/" and (found := self._find_end("/")) is not None:
            return Kind.REGEX, self._take_until(found, "/")
        begin = self._at
        while not self._is_blank(self._at):
            self._at += 1
        return Kind.WORD, self._query[begin : self._at]

    def _take_quoted(self, mark: str, fault: Text) -> str:
        end = self._find_end(mark)
        if end is None:
            raise Misunderstood(fault, self._at, text('Close it, or write \\" for a quote inside of quotes.'))
        return self._take_until(end, mark)

    def _find_end(self, mark: str) -> int | None:
        """Where the mark stands again that begins here, a blank after it; None where it does not."""
        at = self._at + 1
        while at < len(self._query):
            if self._query[at] == "\\":
                at += 2
                continue
            if self._query[at] == mark and self._is_blank(at + 1):
                return at
            at += 1
        return None

    def _take_until(self, end: int, mark: str) -> str:
        inside = self._query[self._at + 1 : end]
        self._at = end + 1
        if mark == "/":
            return inside.replace("\\/", "/")
        return re.sub(r'\\(["\\])', r"\1", inside)
