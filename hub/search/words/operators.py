"""What operators that several kinds have mean: who, where and when, as conditions on rows."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from hub.accounts.models import Principal
from hub.errors import Text, text
from hub.journal.linking import is_called, is_of
from hub.journal.models import Person
from hub.repos.models import Repository
from hub.search.engine.globs import glob_regex, is_glob
from hub.search.engine.patterns import BadPattern, Pattern, regex
from hub.search.syntax import Filter, Kind, Misunderstood
from hub.search.words.kind import Asked, Condition, Operator, RowSet

T = TypeVar("T")

_ME: Final = "me"
# The newest rows whose paths are read for a glob or a regular expression.
_MOST_CANDIDATES: Final = 30_000
_AGE: Final = re.compile(r"([0-9]{1,4})([hdwmy])")
_MOST_HOURS: Final = 24 * 365 * 1900
_EARLIEST: Final = datetime(1, 1, 1, tzinfo=UTC)
_HOURS: Final[Mapping[str, int]] = {"h": 1, "d": 24, "w": 24 * 7, "m": 24 * 30, "y": 24 * 365}


def people_called(asked: Asked, one: Filter) -> Select[int]:
    """The ids of the people whom a value names; `me` is whoever asks."""
    return select(Person.id).where(_is_person(asked, one))


def _is_person(asked: Asked, one: Filter) -> ColumnElement[bool]:
    name = one.value.removeprefix("@")
    if name != _ME:
        return is_called(name)
    if asked.viewer.user_id is None:
        raise Misunderstood(
            text("%(name)s:me is for somebody who is signed in", name=one.name),
            one.at,
            text("Sign in, or write a name."),
        )
    return is_of(asked.viewer.user_id)


def by_person(column: str) -> Condition:
    """Whether a person stands in that column."""

    def condition(asked: Asked, rows: RowSet, one: Filter) -> ColumnElement[bool]:
        return rows.columns[column].in_(people_called(asked, one))

    return condition


def read_moment(asked: Asked, one: Filter) -> datetime:
    """The moment that a value means: an age, or a day; raises Misunderstood."""
    return moment_of(one, asked.at)


def moment_of(one: Filter, at: datetime) -> datetime:
    """The same, for somebody who asks at that moment."""
    value = one.value.lower()
    if age := _AGE.fullmatch(value):
        hours = int(age[1]) * _HOURS[age[2]]
        # As far back as moments go.
        return at - timedelta(hours=hours) if hours < _MOST_HOURS else _EARLIEST
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise Misunderstood(
            text(
                "%(name)s: takes an age such as 3d, 2w, 6m or 1y, or a day such as 2026-01-31", name=one.name
            ),
            one.at,
        ) from error
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def since(column: str) -> Condition:
    """Whether the moment in that column is not before the one that is meant."""

    def condition(asked: Asked, rows: RowSet, one: Filter) -> ColumnElement[bool]:
        return rows.columns[column] >= read_moment(asked, one)

    return condition


def before(column: str) -> Condition:
    """Whether the moment in that column is before the one that is meant."""

    def condition(asked: Asked, rows: RowSet, one: Filter) -> ColumnElement[bool]:
        return rows.columns[column] < read_moment(asked, one)

    return condition


def one_of(
    choices: Mapping[str, Callable[[Asked, RowSet], ColumnElement[bool]]],
) -> Condition:
    """Whether what one of these values names is so."""

    def condition(asked: Asked, rows: RowSet, one: Filter) -> ColumnElement[bool]:
        chosen = choices.get(one.value.lower())
        if chosen is None:
            raise Misunderstood(
                text("%(name)s: is one of %(allowed)s", name=one.name, allowed=", ".join(choices)), one.at
            )
        return chosen(asked, rows)

    return condition


def _in_repository(asked: Asked, rows: RowSet, one: Filter) -> ColumnElement[bool]:
    value = one.value.lower()
    path = func.lower(_owner_name() + "/" + Repository.name)
    if "*" in value or "?" in value:
        pattern = _like(value)
        return path.like(pattern if "/" in value else f"%/{pattern}", escape="\\")
    return path.contains(value, autoescape=True)


def _of_owner(asked: Asked, rows: RowSet, one: Filter) -> ColumnElement[bool]:
    value = one.value.lower().removeprefix("@")
    return func.lower(_owner_name()).like(_like(value), escape="\\")


def _owner_name() -> Any:  # a column as part of another statement
    return select(Principal.name).where(Principal.id == Repository.owner_id).scalar_subquery()


def _like(glob: str) -> str:
    escaped = re.sub(r"([\\%_])", r"\\\1", glob)
    return re.sub(r"\*+", "%", escaped).replace("?", "_")


IN_REPOSITORY: Final = Operator(
    text("in repositories with this in their name, or a glob"), "repo:anna/demo", _in_repository
)
OF_OWNER: Final = Operator(text("in repositories of this person"), "owner:anna", _of_owner)


def conditions_of(
    asked: Asked, rows: RowSet, operators: Mapping[str, Operator], filters: Collection[Filter]
) -> list[ColumnElement[bool]]:
    """What all filters together ask of these rows."""
    found: list[ColumnElement[bool]] = []
    for name, operator in operators.items():
        made = [(one, operator.condition(asked, rows, one)) for one in filters if one.name == name]
        found += [~condition for one, condition in made if one.is_excluded]
        wanted = [condition for one, condition in made if not one.is_excluded]
        if wanted:
            found.append(and_(*wanted) if operator.needs_all else or_(*wanted))
    return found


def has_path(
    asked: Asked, key: InstrumentedAttribute[T], column: ColumnElement[str], one: Filter
) -> ColumnElement[bool]:
    """Whether one of the paths in a column has that in it: each is a line of it, in small letters.

    A slash at the beginning is where the repository begins. Of a glob, `*` stands for what is in one folder,
    `**` for folders as well; `key` tells the rows of the column apart.
    """
    value = one.value.lower()
    candidates = select(key, column).order_by(key.desc()).limit(_MOST_CANDIDATES)
    # No engine of a database is given what somebody wrote: RE2 takes time in proportion to the text.
    if one.kind is Kind.REGEX:
        pattern = _regex(one, one.value)
    elif is_glob(value):
        pattern = _regex(one, glob_regex(value).replace("[^/]", "[^/\n]"))
        candidates = candidates.where(column.like(_like_any(value), escape="\\"))
    else:
        return column.contains(f"\n{value[1:]}" if value.startswith("/") else value, autoescape=True)
    return key.in_(
        [row[0] for row in asked.session.execute(candidates) if pattern.spans_in(row[1].encode(), 1)]
    )


def _regex(one: Filter, pattern: str) -> Pattern:
    try:
        return regex(pattern, is_exact=False)
    except BadPattern as error:
        raise Misunderstood(
            text("the regular expression cannot be read: %(why)s", why=error),
            one.at,
            text("The syntax is RE2's: there are no look-arounds and no references to groups."),
        ) from error


def _like_any(glob: str) -> str:
    """What a text has to look like at least to hold a path that the glob is about."""
    parts = re.split(r"[*?/]+", glob)
    return "%".join(["", *(re.sub(r"([\\%_])", r"\\\1", one) for one in parts if one), ""])


# What people ask for that does not exist yet, and what they are told.
NOT_YET: Final[Mapping[str, Text]] = {
    "label": text("there are no labels yet"),
    "assignee": text("nobody is assigned here: look for author: or reviewer:"),
    "milestone": text("there are no milestones yet"),
}
