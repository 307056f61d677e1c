"""Where a query looks: the branches that it names and the viewer may see, with the documents of each."""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple, Protocol

import numpy as np
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, aliased

from hub.access import Viewer
from hub.accounts.models import Principal
from hub.repos.access import visible_to
from hub.repos.models import Repository
from hub.repos.names import BRANCHES, TAGS
from hub.search.code.queries import Forks, NameTest
from hub.search.engine.globs import glob_regex, is_glob
from hub.search.engine.numbers import Numbers, Shown, unpack
from hub.search.engine.patterns import regex
from hub.search.engine.segments import Mask
from hub.search.models import CodeView, CommitView

# Document numbers that are kept unpacked; four bytes each.
_MOST_KEPT: Final = 20_000_000
_MOST_SHOWN: Final = 16
_AT_ONCE: Final = 500
# Where each statement sees what was committed last, a view may change between two.
_ATTEMPTS: Final = 5


class Place(NamedTuple):
    """A branch or tag that is searched. Of thousands one is made for every search, and quickly."""

    repository_id: int
    path: str
    ref: str
    commit_id: str
    is_fork: bool
    made_at: datetime


class Places:
    """The places of one query."""

    def __init__(self, places: Sequence[Place], numbers: Sequence[Numbers], shown: Shown) -> None:
        self.all = places
        self._numbers = numbers
        self.shown = shown

    def holding(self, numbers: Sequence[int]) -> dict[int, list[Place]]:
        """The places that show each of these documents; those of no fork first."""
        wanted = np.array(sorted(numbers), np.uint32)
        found: dict[int, list[Place]] = {one: [] for one in numbers}
        for at in self.shown.views_near(wanted):
            for number in wanted[_are_in(self._numbers[at], wanted)].tolist():
                found[number].append(self.all[at])
        for places in found.values():
            places.sort(key=lambda one: (one.is_fork, one.repository_id))
        return found

    def at(self, path: str) -> Place | None:
        """The place of the repository at that path."""
        return next((one for one in self.all if one.path == path), None)

    def numbers_of(self, place: Place) -> Numbers:
        """The documents that a place shows."""
        return self._numbers[self.all.index(place)]

    def count(self, numbers: Numbers) -> list[tuple[Place, int]]:
        """The places that show some of these documents, which stand in order, and how many of them."""
        counted = (
            (self.all[at], int(np.count_nonzero(_are_in(self._numbers[at], numbers))))
            for at in self.shown.views_near(numbers)
        )
        return [one for one in counted if one[1]]


# What says which documents a branch shows: of code, or of commits.
Rows = type[CodeView] | type[CommitView]


class Where(Protocol):
    """What a query says of where to look."""

    repositories: list[NameTest]
    owners: list[NameTest]
    branch: str
    forks: Forks
    only: tuple[int, str] | None


# A view of the same commit that was dropped and made again shows documents of other numbers.
_Made = tuple[int, str, str, datetime]


class Views:
    """What was unpacked lately: the numbers of views by what they were made of, and many of them together."""

    def __init__(self, rows: Rows = CodeView) -> None:
        self._rows = rows
        self._numbers: OrderedDict[_Made, Numbers] = OrderedDict()
        self._shown: OrderedDict[tuple[_Made, ...], Shown] = OrderedDict()

    def find(self, session: Session, viewer: Viewer, query: Where) -> Places:
        """The places of a query, for that viewer."""
        for _ in range(_ATTEMPTS):
            places = _find(session, viewer, query, self._rows)
            names = tuple((one.repository_id, one.ref, one.commit_id, one.made_at) for one in places)
            if self._load(session, [one for one in names if one not in self._numbers]):
                break
        numbers = [self._numbers.get(one, _NOTHING) for one in names]
        shown = self._shown.get(names)
        if shown is None:
            shown = self._shown[names] = Shown(numbers)
        self._shown.move_to_end(names)
        self._forget()
        return Places(places, numbers, shown)

    def _load(self, session: Session, names: Sequence[_Made]) -> bool:
        """Unpacks these views; whether all of them still are what they were when they were found."""
        views = self._rows
        for begin in range(0, len(names), _AT_ONCE):
            some = names[begin : begin + _AT_ONCE]
            rows = session.execute(
                select(
                    views.repository_id, views.ref, views.commit_id, views.indexed_at, views.documents
                ).where(
                    views.repository_id.in_({one[0] for one in some}),
                    views.ref.in_({one[1] for one in some}),
                )
            )
            wanted = set(some)
            for repository_id, ref, commit_id, made_at, packed in rows:
                name = (repository_id, ref, commit_id, made_at)
                if name in wanted:
                    self._numbers[name] = unpack(packed)
        return all(one in self._numbers for one in names)

    def _forget(self) -> None:
        while len(self._shown) > _MOST_SHOWN:
            self._shown.popitem(last=False)
        while len(self._numbers) > 1 and sum(map(len, self._numbers.values())) > _MOST_KEPT:
            self._numbers.popitem(last=False)


def _are_in(held: Numbers, wanted: Numbers) -> Mask:
    """Whether each of the few wanted is in what is held; both stand in order."""
    if not len(held):
        return np.zeros(len(wanted), np.bool_)
    found: Mask = held[np.minimum(np.searchsorted(held, wanted), len(held) - 1)] == wanted
    return found


_NOTHING: Final[Numbers] = np.empty(0, np.uint32)


def _find(session: Session, viewer: Viewer, query: Where, views: Rows) -> list[Place]:
    owner = aliased(Principal)
    is_meant = _is_meant(query, views)
    wanted = (
        select(
            Repository.id,
            owner.name,
            Repository.name,
            views.ref,
            views.commit_id,
            Repository.origin_id,
            views.indexed_at,
        )
        .join(views, views.repository_id == Repository.id)
        .join(owner, owner.id == Repository.owner_id)
        .where(visible_to(viewer), is_meant)
        .order_by(Repository.id)
    )
    is_fork = Repository.origin_id.is_not(None)
    if query.forks is Forks.ONLY:
        wanted = wanted.where(is_fork)
    # A fork that is named is meant.
    named = {one.value for one in query.repositories if not one.is_excluded and _is_path(one.value)}
    if query.forks is Forks.NO and not named:
        wanted = wanted.where(~is_fork)
    rows = [
        Place(row[0], f"{row[1]}/{row[2]}", row[3], row[4], row[5] is not None, row[6])
        for row in session.execute(wanted)
    ]
    if not query.repositories and not query.owners:
        return rows if query.forks is not Forks.NO else [one for one in rows if not one.is_fork]
    return [
        one
        for one in rows
        if (not one.is_fork or query.forks is not Forks.NO or one.path.lower() in named)
        and is_asked(one.path, query)
    ]


def is_asked(path: str, query: Where) -> bool:
    """Whether the query means the repository of that path, by its name and its owner's."""
    owner = path.lower().partition("/")[0]
    return _passes(path.lower(), query.repositories) and _passes(owner, query.owners, is_whole=True)


def _is_meant(query: Where, views: Rows) -> ColumnElement[bool]:
    if query.only is not None:
        repository_id, ref = query.only
        return and_(views.repository_id == repository_id, views.ref == ref)
    if query.branch:
        return or_(*(views.ref == prefix + query.branch for prefix in (BRANCHES, TAGS)))
    return views.ref == BRANCHES + Repository.default_branch


def _passes(name: str, tests: Sequence[NameTest], *, is_whole: bool = False) -> bool:
    wanted = [one for one in tests if not one.is_excluded]
    if wanted and not any(_is_named(name, one.value, is_whole=is_whole) for one in wanted):
        return False
    return not any(_is_named(name, one.value, is_whole=is_whole) for one in tests if one.is_excluded)


def _is_named(name: str, value: str, *, is_whole: bool) -> bool:
    if is_glob(value):
        pattern = glob_regex(f"/{value}" if "/" in value else value)
        return bool(regex(pattern).spans_in(name.encode(), 1))
    return name == value if is_whole or _is_path(value) else value in name


def _is_path(value: str) -> bool:
    """Whether it is an owner and a name: that repository, not all whose paths hold them."""
    return all(value.partition("/")) and not is_glob(value)
