"""What a query asks of a kind: words for the index, and filters for its rows."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement

from hub.errors import Text, text
from hub.search.code.queries import FILTERS as CODE_FILTERS
from hub.search.syntax import Filter, Misunderstood, Query, Term, parse
from hub.search.syntax import Kind as TermKind
from hub.search.words.analysis import Atom, atoms_of
from hub.search.words.kind import Asked, Kind, RowSet
from hub.search.words.operators import NOT_YET, conditions_of
from hub.search.words.ranking import Wanted

_CODE: Final = "code"
_PATH: Final = "path"
# What looks like an operator, and neither like an address nor like a name of C++.
_LOOKS_LIKE_ONE: Final = re.compile(r"([a-z]+):(?![:/\s]|$)")


class Misplaced(Misunderstood):
    """A query that would be understood in a search of another type: of one of `types`."""

    def __init__(self, fault: Text, at: int, types: Sequence[str], next_step: Text | None = None) -> None:
        super().__init__(fault, at, next_step)
        self.types = tuple(types)


@dataclass(frozen=True, slots=True)
class WordQuery:
    """What is asked: alternatives of words (none: any text), and filters."""

    alternatives: tuple[Wanted, ...]
    filters: tuple[Filter, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked."""
        return not self.alternatives and not self.filters

    @property
    def atoms(self) -> list[Atom]:
        """What is to be marked where it is shown."""
        return [atom for one in self.alternatives for atoms in one.words for atom in atoms]

    def conditions(self, asked: Asked, kind: Kind, rows: RowSet) -> list[ColumnElement[bool]]:
        """What the filters ask of the rows; raises Misunderstood, with the place."""
        return conditions_of(asked, rows, kind.operators, self.filters)


def read_word_query(written: str, kind: Kind, kinds: Mapping[str, Kind]) -> WordQuery:
    """The query in what was written; raises Misunderstood, with the place."""
    known = {*NOT_YET, *CODE_FILTERS, *(name for one in kinds.values() for name in one.operators)}
    parsed = parse(written, known)
    for one in parsed.filters:
        _check_filter(one, kind, kinds)
    return WordQuery(tuple(alternatives_of(parsed)), parsed.filters)


def _check_filter(one: Filter, kind: Kind, kinds: Mapping[str, Kind]) -> None:
    if one.name in kind.operators:
        if one.kind is TermKind.REGEX and one.name != _PATH:
            raise Misunderstood(text("%(name)s: takes no regular expression", name=one.name), one.at)
        return
    types = [name for name, other in kinds.items() if one.name in other.operators]
    if one.name in CODE_FILTERS:
        types.insert(0, _CODE)
    if types:
        fault = text("%(name)s: belongs to another type of search", name=one.name)
        raise Misplaced(fault, one.at, types, text("Search there, or take it away."))
    raise Misunderstood(NOT_YET[one.name], one.at, text("Write the name in quotes to look for it."))


def alternatives_of(parsed: Query) -> list[Wanted]:
    """The words of each alternative; raises Misunderstood for what holds none."""
    made = []
    for group in parsed.groups:
        words: list[tuple[Atom, ...]] = []
        without: list[tuple[Atom, ...]] = []
        for one in group:
            (without if one.is_excluded else words).append(_atoms(one))
        if words or without:
            made.append(Wanted(tuple(words), tuple(without)))
    return made


def _atoms(term: Term) -> tuple[Atom, ...]:
    if term.kind is TermKind.REGEX:
        raise Misplaced(
            text("regular expressions are for code"),
            term.at,
            [_CODE],
            text("Write it in quotes to look for the words in it."),
        )
    if term.kind is TermKind.WORD and (looks := _LOOKS_LIKE_ONE.match(term.text)):
        raise Misunderstood(
            text("there is no operator %(name)s:", name=looks[1]),
            term.at,
            text("Write it in quotes to look for the words."),
        )
    atoms = atoms_of(term.text, is_phrase=term.kind is TermKind.PHRASE)
    if not atoms:
        raise Misplaced(
            text("there is no word in it: %(part)s", part=term.text or '""'),
            term.at,
            [_CODE],
            text("Punctuation is found in code."),
        )
    return atoms
