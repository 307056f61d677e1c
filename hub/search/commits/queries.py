"""What a query asks of commits: words for the index, who and when, and in which repositories. Pure.

Each filter of commits has a name, a sentence of help, and one function here that reads its value.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from hub.errors import Text, text
from hub.search.code.queries import FILTERS as CODE_FILTERS
from hub.search.code.queries import Forks, NameTest, name_test
from hub.search.commits.documents import terms_of_trailer
from hub.search.syntax import Filter, Misunderstood, Query, parse
from hub.search.syntax import Kind as TermKind
from hub.search.words.analysis import Atom
from hub.search.words.operators import NOT_YET, moment_of
from hub.search.words.queries import Misplaced, alternatives_of
from hub.search.words.ranking import Wanted
from hub.search.words.registry import KINDS

_COMMIT_ID: Final = re.compile(r"[0-9a-f]{7,64}")
_BEGINNING: Final = re.compile(r"[0-9a-f]{4,64}")
_CODE: Final = "code"
# Filters that say where to look, and nothing of the commit.
_PLACES: Final = ("repo", "owner", "fork")


@dataclass(frozen=True, slots=True)
class PersonTest:
    """A part of a name or of an address that is wanted, or not; `is_me` for whoever asks."""

    value: str
    is_me: bool
    at: int
    is_excluded: bool = False


@dataclass(frozen=True, slots=True)
class TrailerTest:
    """Terms of trailers that are wanted, all of them, or not."""

    terms: tuple[str, ...]
    is_excluded: bool = False


@dataclass(slots=True)
class CommitQuery:
    """What is asked. `ids` are beginnings of ids; `sole_word` is all that is said of commits, if one word."""

    alternatives: tuple[Wanted, ...] = ()
    sole_word: str = ""
    repositories: list[NameTest] = field(default_factory=list)
    owners: list[NameTest] = field(default_factory=list)
    branch: str = ""
    forks: Forks = Forks.NO
    only: tuple[int, str] | None = None
    authors: list[PersonTest] = field(default_factory=list)
    committers: list[PersonTest] = field(default_factory=list)
    trailers: list[TrailerTest] = field(default_factory=list)
    since: datetime | None = None
    before: datetime | None = None
    merges: Forks = Forks.YES
    ids: list[str] = field(default_factory=list)
    path: Filter | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked."""
        return self == CommitQuery()

    @property
    def atoms(self) -> list[Atom]:
        """What is to be marked where it is shown."""
        return [atom for one in self.alternatives for atoms in one.words for atom in atoms]

    @property
    def may_be_id(self) -> str:
        """The beginning of an id that the whole query may be, else empty."""
        return self.sole_word if _COMMIT_ID.fullmatch(self.sole_word) else ""


# What reads a value, given the moment of the question.
_Read = Callable[[CommitQuery, Filter, datetime], None]


@dataclass(frozen=True, slots=True)
class CommitFilter:
    """One filter: what it is for, an example, and how its value is read."""

    help: Text
    example: str
    read: _Read


def read_commit_query(written: str, at: datetime) -> CommitQuery:
    """The query in what was written at that moment; raises Misunderstood, with the place."""
    of_others = {name for one in KINDS.values() for name in one.operators}
    parsed = parse(written, {*FILTERS, *CODE_FILTERS, *NOT_YET, *of_others})
    query = CommitQuery()
    for one in parsed.filters:
        known = FILTERS.get(one.name)
        if known is None:
            types = [name for name, other in KINDS.items() if one.name in other.operators]
            types += [_CODE] if one.name in CODE_FILTERS else []
            fault = text("%(name)s: does not work here", name=one.name)
            raise Misplaced(fault, one.at, types, text("Search there instead, or take it away."))
        if one.kind is TermKind.REGEX:
            raise Misunderstood(text("%(name)s: takes no regular expression", name=one.name), one.at)
        known.read(query, one, at)
    query.sole_word = _sole_word(parsed)
    query.alternatives = tuple(alternatives_of(parsed))
    return query


def _sole_word(parsed: Query) -> str:
    if any(one.name not in _PLACES for one in parsed.filters):
        return ""
    terms = [one for group in parsed.groups for one in group]
    is_one = len(terms) == 1 and terms[0].kind is TermKind.WORD and not terms[0].is_excluded
    return terms[0].text.lower() if is_one else ""


def _read_repository(query: CommitQuery, one: Filter, _: datetime) -> None:
    query.repositories.append(name_test(one))


def _read_owner(query: CommitQuery, one: Filter, _: datetime) -> None:
    query.owners.append(name_test(one))


def _read_fork(query: CommitQuery, one: Filter, _: datetime) -> None:
    query.forks = _choice(one)


def _read_merge(query: CommitQuery, one: Filter, _: datetime) -> None:
    query.merges = _choice(one)


def _choice(one: Filter) -> Forks:
    if one.is_excluded or one.value.lower() not in list(Forks):
        allowed = ", ".join(Forks)
        raise Misunderstood(text("%(name)s: is one of %(allowed)s", name=one.name, allowed=allowed), one.at)
    return Forks(one.value.lower())


def _read_author(query: CommitQuery, one: Filter, _: datetime) -> None:
    query.authors.append(_person(one))


def _read_committer(query: CommitQuery, one: Filter, _: datetime) -> None:
    query.committers.append(_person(one))


def _person(one: Filter) -> PersonTest:
    return PersonTest(
        one.value.removeprefix("@"), one.value.lower() in ("me", "@me"), one.at, one.is_excluded
    )


def _read_since(query: CommitQuery, one: Filter, at: datetime) -> None:
    moment = moment_of(one, at)
    if one.is_excluded:
        query.before = moment if query.before is None else min(query.before, moment)
    else:
        query.since = moment if query.since is None else max(query.since, moment)


def _read_before(query: CommitQuery, one: Filter, at: datetime) -> None:
    moment = moment_of(one, at)
    if one.is_excluded:
        query.since = moment if query.since is None else max(query.since, moment)
    else:
        query.before = moment if query.before is None else min(query.before, moment)


def _read_trailer(query: CommitQuery, one: Filter, _: datetime) -> None:
    terms = terms_of_trailer(one.value)
    if not terms:
        raise Misunderstood(text("there is no word in it: %(part)s", part=one.value), one.at)
    query.trailers.append(TrailerTest(tuple(terms), one.is_excluded))


def _read_hash(query: CommitQuery, one: Filter, _: datetime) -> None:
    if one.is_excluded or not _BEGINNING.fullmatch(one.value.lower()):
        raise Misunderstood(text("hash: takes the first 4 or more digits of a commit's id"), one.at)
    query.ids.append(one.value.lower())


def _read_path(query: CommitQuery, one: Filter, _: datetime) -> None:
    if one.is_excluded or query.path is not None:
        raise Misunderstood(text("one path is looked for at a time"), one.at)
    if any(letter in one.value for letter in "*?["):
        raise Misunderstood(
            text("path: takes a file or a folder of one repository here, and no glob"), one.at
        )
    query.path = one


FILTERS: Final[Mapping[str, CommitFilter]] = {
    "author": CommitFilter(
        text("by somebody with this in their name or address; me is you"), "author:anna", _read_author
    ),
    "committer": CommitFilter(text("committed by them"), "committer:me", _read_committer),
    "since": CommitFilter(text("committed in this time, or since a day"), "since:2w", _read_since),
    "before": CommitFilter(text("committed before that"), "before:2026-01-31", _read_before),
    "trailer": CommitFilter(
        text("with this in a trailer, or in the trailer of that name"),
        "trailer:reviewed-by=bo",
        _read_trailer,
    ),
    "repo": CommitFilter(
        text("in repositories with this in their name, or a glob"), "repo:anna/demo", _read_repository
    ),
    "owner": CommitFilter(text("in repositories of this person"), "owner:anna", _read_owner),
    "path": CommitFilter(
        text("that touched this file or folder, in one repository that you name"), "path:docs/", _read_path
    ),
    "merge": CommitFilter(text("without merges, or merges only"), "merge:no", _read_merge),
    "hash": CommitFilter(text("whose id begins so"), "hash:1a2b3c4", _read_hash),
    "fork": CommitFilter(text("in forks as well, or in forks only"), "fork:yes", _read_fork),
}
