"""What a query asks of code: patterns for the index, and which repositories and branches are meant. Pure.

Each filter of code has a name, a sentence of help, and one function here that reads its value.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from hub.errors import Text, text
from hub.search.engine.candidates import PathTest, TermTest, Wanted
from hub.search.engine.globs import glob_regex, is_glob, line_of
from hub.search.engine.patterns import BadPattern, Pattern, literal, regex
from hub.search.syntax import Filter, Kind, Misunderstood, Query, Term, parse


class Forks(StrEnum):
    """Whether forks are searched."""

    NO = "no"
    YES = "yes"
    ONLY = "only"


@dataclass(frozen=True, slots=True)
class NameTest:
    """A part or a glob of a name that is wanted, or not."""

    value: str
    is_excluded: bool = False


@dataclass(slots=True)
class CodeQuery:
    """What is asked of the index, and where. `branch` is empty for the default branch of each repository.

    `symbols` are those that a file has to define; `filters` and `groups` are what was written.
    `only` is the one repository, by its id, and the one ref that are looked at, whatever else is said.
    """

    alternatives: tuple[Wanted, ...] = ()
    repositories: list[NameTest] = field(default_factory=list)
    owners: list[NameTest] = field(default_factory=list)
    branch: str = ""
    forks: Forks = Forks.NO
    symbols: list[bytes] = field(default_factory=list)
    filters: tuple[Filter, ...] = ()
    groups: tuple[tuple[Term, ...], ...] = ()
    only: tuple[int, str] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said that a file could match."""
        return not any(one.patterns or one.paths or one.terms for one in self.alternatives)


@dataclass(slots=True)
class _Reading:
    """What was read of the filters so far."""

    query: CodeQuery = field(default_factory=CodeQuery)
    paths: list[PathTest] = field(default_factory=list)
    terms: list[TermTest] = field(default_factory=list)
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class CodeFilter:
    """One filter: what it is for, an example, and how its value is read."""

    help: Text
    example: str
    read: Callable[[_Reading, Filter], None]


def read_code_query(written: str) -> CodeQuery:
    """The query in what was written; raises Misunderstood, with the place."""
    parsed = parse(written, FILTERS.keys())
    reading = _Reading()
    for one in parsed.filters:
        FILTERS[one.name].read(reading, one)
    reading.query.filters, reading.query.groups = parsed.filters, parsed.groups
    reading.query.alternatives = tuple(_alternatives(parsed, reading))
    return reading.query


def _alternatives(parsed: Query, reading: _Reading) -> list[Wanted]:
    made = []
    for group in parsed.groups:
        patterns = {one: _pattern(one, is_exact=reading.is_exact) for one in group}
        made.append(
            Wanted(
                patterns=tuple(pattern for one, pattern in patterns.items() if not one.is_excluded),
                without=tuple(pattern for one, pattern in patterns.items() if one.is_excluded),
                paths=tuple(reading.paths),
                terms=tuple(reading.terms),
            )
        )
    return made


def _pattern(term: Term, *, is_exact: bool) -> Pattern:
    if term.kind is Kind.REGEX:
        return _regex(term.text, term.at, is_exact=is_exact)
    if not term.text.strip():
        raise Misunderstood(text("there is nothing between the quotes"), term.at)
    return literal(term.text, is_exact=is_exact)


def _regex(pattern: str, at: int, *, is_exact: bool) -> Pattern:
    try:
        return regex(pattern, is_exact=is_exact)
    except BadPattern as error:
        raise Misunderstood(
            text("the regular expression cannot be read: %(why)s", why=error),
            at,
            text("The syntax is RE2's: there are no look-arounds and no references to groups."),
        ) from error


def _one_of(one: Filter, allowed: Mapping[str, str]) -> str:
    value = one.value.lower()
    if value not in allowed or one.is_excluded:
        raise Misunderstood(
            text("%(name)s: is one of %(allowed)s", name=one.name, allowed=", ".join(allowed)), one.at
        )
    return allowed[value]


def _read_case(reading: _Reading, one: Filter) -> None:
    reading.is_exact = _one_of(one, {"yes": "yes", "no": ""}) == "yes"


def _read_fork(reading: _Reading, one: Filter) -> None:
    reading.query.forks = Forks(_one_of(one, {each.value: each.value for each in Forks}))


def _read_branch(reading: _Reading, one: Filter) -> None:
    if one.is_excluded or reading.query.branch:
        raise Misunderstood(text("one branch is searched at a time"), one.at)
    reading.query.branch = one.value


def _read_repository(reading: _Reading, one: Filter) -> None:
    reading.query.repositories.append(name_test(one))


def _read_owner(reading: _Reading, one: Filter) -> None:
    reading.query.owners.append(name_test(one))


def name_test(one: Filter) -> NameTest:
    """The part or the glob of a name that is meant; raises Misunderstood for a glob that cannot be read."""
    if is_glob(one.value):
        _regex(glob_regex(f"/{one.value}"), one.at, is_exact=False)
    return NameTest(one.value.lower(), one.is_excluded)


def _read_path(reading: _Reading, one: Filter) -> None:
    reading.paths.append(PathTest(_path_pattern(one, one.value), one.is_excluded))


def _read_file(reading: _Reading, one: Filter) -> None:
    if one.kind is Kind.REGEX:
        # Matched within the part after the last slash.
        pattern = _regex(f"(?:^|/)[^/]*(?:{one.value})[^/]*$", one.at, is_exact=False)
    elif is_glob(one.value):
        pattern = _glob(one.value.rpartition("/")[2], one.at)
    else:
        pattern = _regex(f"(?i){_escaped(one.value)}[^/]*$", one.at, is_exact=False)
    reading.paths.append(PathTest(pattern, one.is_excluded))


def _path_pattern(one: Filter, value: str) -> Pattern:
    if one.kind is Kind.REGEX:
        return _regex(value, one.at, is_exact=False)
    if is_glob(value) or value.endswith("/"):
        return _glob(value, one.at)
    # A slash at the beginning is where the repository begins.
    if value.startswith("/"):
        return _regex(f"^{_escaped(value[1:])}", one.at, is_exact=False)
    return literal(value)


def _glob(value: str, at: int) -> Pattern:
    return replace(_regex(glob_regex(value), at, is_exact=False), line=line_of(value))


def _escaped(value: str) -> str:
    return "".join(one if one.isalnum() else f"\\x{{{ord(one):x}}}" for one in value)


def _read_language(reading: _Reading, one: Filter) -> None:
    value = one.value.lower()
    # A language by its name, or files by how their names end.
    terms = tuple(dict.fromkeys([value.encode(), b"." + value.removeprefix(".").encode()]))
    known = tuple(each.encode() for each in _ALSO.get(value, ()))
    reading.terms.append(TermTest("language", (*terms, *known), one.is_excluded))


def _read_symbol(reading: _Reading, one: Filter) -> None:
    symbol = one.value.lower().encode()
    reading.terms.append(TermTest("symbol", (symbol,), one.is_excluded))
    if not one.is_excluded:
        reading.query.symbols.append(symbol)


# What people call languages, and what the index does.
_ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "cpp": ("c++",),
    "csharp": ("c#",),
    "golang": ("go",),
    "javascript": (".js", ".mjs"),
    "markdown": (".md", ".markdown"),
    "bash": ("shell",),
    "sh": ("shell",),
    "yaml": (".yml", ".yaml"),
    "json": (".json",),
    "text": (".txt",),
}

FILTERS: Final[Mapping[str, CodeFilter]] = {
    "repo": CodeFilter(
        text("in the repository of this path, or in those with this in their name, or a glob"),
        "repo:anna/demo",
        _read_repository,
    ),
    "owner": CodeFilter(text("in repositories of this person"), "owner:anna", _read_owner),
    "lang": CodeFilter(text("in files of this language, or with this ending"), "lang:python", _read_language),
    "path": CodeFilter(
        text("in files of this folder, with this in their path, or a glob"), "path:src/", _read_path
    ),
    "file": CodeFilter(text("in files with this in their name, or a glob"), "file:README*", _read_file),
    "sym": CodeFilter(text("in files that define this"), "sym:parse_commit", _read_symbol),
    "branch": CodeFilter(
        text("on this branch or tag instead of the default one"), "branch:next", _read_branch
    ),
    "fork": CodeFilter(text("in forks as well, or in forks only"), "fork:yes", _read_fork),
    "case": CodeFilter(text("as it is written, capitals and all"), "case:yes", _read_case),
}
