"""What a search can be narrowed by, and what it is narrowed by already, as queries of links. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hub.errors import Text, text
from hub.search.code.counting import Counted, Counts
from hub.search.syntax import Filter, with_filter, without


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet: how many files have it, and the query with it."""

    name: str
    count: int
    query: str


@dataclass(frozen=True, slots=True)
class Facet:
    """One thing by which files differ."""

    name: Text
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class InUse:
    """A filter of the query, as it is written there, and the query without it."""

    written: str
    query: str


def facets_of(written: str, filters: Sequence[Filter], counts: Counts) -> tuple[Facet, ...]:
    """What the query can be narrowed by; what would change nothing is left out."""
    chosen = {(one.name, one.value.lower()) for one in filters if not one.is_excluded}
    every = (
        (text("Repository"), "repo", counts.repositories, 1),
        (text("Language"), "lang", counts.languages, 0),
        (text("Folder"), "path", counts.folders, 0),
    )
    made = (
        Facet(name, tuple(_choices(written, key, counted, chosen)))
        for name, key, counted, least in every
        if len(counted) > least
    )
    return tuple(one for one in made if one.choices)


def _choices(written: str, key: str, counted: Counted, chosen: set[tuple[str, str]]) -> Iterator[Choice]:
    for name, count in counted:
        value = name.lower() if key == "lang" else name
        if (key, value.lower()) not in chosen:
            yield Choice(name, count, with_filter(written, key, value))


def in_use(written: str, filters: Sequence[Filter]) -> tuple[InUse, ...]:
    """The filters of the query, each with the query that lacks it."""
    return tuple(InUse(written[one.at : one.end], without(written, [one])) for one in filters)
