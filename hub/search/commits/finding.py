"""Finds commits for somebody: in the histories that they may see, by words, by who and when, or by id.

Everything but the places is asked of the index: each column of a segment is an array, so that a filter is a
mask over it, and what may not be seen is out before a word is looked for.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.accounts.models import User
from hub.config import Config
from hub.db import config_of, holds_word
from hub.errors import text
from hub.repos.git.history_differences import list_touching
from hub.repos.git.process import GitTooSlow
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.search.code.places import Place, Places, Views
from hub.search.code.queries import Forks
from hub.search.commits.documents import AUTHOR, COMMITTER, MOMENT, NUMBER, PARENTS, TRAILERS
from hub.search.commits.folder import index_folder, note_damage
from hub.search.commits.queries import CommitQuery, PersonTest, TrailerTest
from hub.search.commits.rows import ids_of, numbers_of
from hub.search.engine.damage import IndexDamaged, reading
from hub.search.engine.numbers import Numbers, as_numbers
from hub.search.models import CommitDocument, CommitPerson, CommitView
from hub.search.syntax import Misunderstood
from hub.search.words.index import WordIndex
from hub.search.words.ranking import search
from hub.search.words.segments import Mask, WordSegment

PAGE_COMMITS: Final = 20
MOST_PAGES: Final = 50

_MOST_TOUCHING: Final = 10_000
_PATH_SECONDS: Final = 8.0
_ID_BYTES: Final = 32
_IDS_AT_ONCE: Final = 500

# One number for each of many commits, in the order of results.
_Ranked = NDArray[np.uint64]
_Test = Callable[[WordSegment], Mask]


@dataclass(frozen=True, slots=True)
class FoundCommit:
    """A commit, and where it is. `elsewhere` are the other places that show it."""

    commit_id: str
    place: Place
    elsewhere: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class FoundCommits:
    """A page of commits. `is_partial`: there may be older ones, which were not looked at."""

    commits: tuple[FoundCommit, ...]
    total: int
    has_more: bool
    places: int
    is_partial: bool = False


class CommitSearch:
    """The search of one process: the index as it was committed last, and views that were unpacked."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._index = WordIndex(index_folder(config))
        self._views = Views(CommitView)
        self._lock = threading.Lock()

    def find(
        self, session: Session, viewer: Viewer, query: CommitQuery, *, order: str = "", page: int = 1
    ) -> FoundCommits:
        """A page, counted from 1; raises Misunderstood for what cannot be answered."""
        with self._lock:
            # Places before segments: what a view shows was committed to the index before.
            places = self._views.find(session, viewer, query)
            segments = self._segments() if places.all else []
        touching = None if query.path is None else _touching(session, query, places)
        shown = _tests_of(session, viewer, query, places, None if touching is None else touching[0])
        ranked = _by_id(session, segments, query, places) if query.may_be_id else None
        is_cut = touching is not None and touching[1]
        if ranked is None:
            ranked, is_short = self._rank(segments, query, shown, order)
            is_cut |= is_short
        begin = PAGE_COMMITS * (page - 1)
        return FoundCommits(
            commits=_load(session, places, ranked[begin : begin + PAGE_COMMITS].tolist()),
            total=len(ranked),
            has_more=len(ranked) > begin + PAGE_COMMITS and page < MOST_PAGES,
            places=len(places.all),
            is_partial=is_cut,
        )

    def close(self) -> None:
        """Lets go of every file."""
        self._index.close()

    def _segments(self) -> Sequence[WordSegment]:
        try:
            return self._index.segments()
        except IndexDamaged:
            note_damage(self._config)
            raise

    def _rank(
        self, segments: Sequence[WordSegment], query: CommitQuery, tests: Sequence[_Test], order: str
    ) -> tuple[_Ranked, bool]:
        def shown(segment: WordSegment) -> Mask:
            mask = segment.live.copy()
            for test in tests:
                mask &= test(segment)
            return mask

        is_cut = False
        try:
            with reading():
                if query.alternatives:
                    found = search(segments, query.alternatives, shown)
                    numbers, moments, is_cut = found.rows, found.moments, found.is_cut
                    if order not in (NEWEST, OLDEST):
                        return numbers[found.best()], is_cut
                else:
                    numbers, moments = _gather(segments, shown)
        except IndexDamaged:
            note_damage(self._config)
            raise
        # Of one second the one that was taken in later comes first: histories are taken in oldest first.
        places = np.lexsort((numbers, moments))
        return numbers[places if order == OLDEST else places[::-1]], is_cut


NEWEST: Final = "newest"
OLDEST: Final = "oldest"
RELEVANCE: Final = "relevance"


def _gather(segments: Sequence[WordSegment], shown: _Test) -> tuple[_Ranked, _Ranked]:
    masks = [shown(one) for one in segments]

    def column(name: str) -> _Ranked:
        found = [one.numbers(name)[mask] for one, mask in zip(segments, masks, strict=True)]
        return np.concatenate([np.empty(0, np.uint64), *found])

    return column(NUMBER), column(MOMENT)


def _tests_of(
    session: Session, viewer: Viewer, query: CommitQuery, places: Places, touching: Numbers | None
) -> list[_Test]:
    tests: list[_Test] = [lambda segment: places.shown.among(segment.numbers(NUMBER))]
    if touching is not None:
        tests.append(lambda segment: np.isin(segment.numbers(NUMBER), touching))
    if query.ids:
        named = as_numbers(_numbers_that_begin(session, query.ids))
        tests.append(lambda segment: np.isin(segment.numbers(NUMBER), named))
    if query.since is not None:
        since = max(query.since.timestamp(), 0)
        tests.append(lambda segment: segment.numbers(MOMENT) >= since)
    if query.before is not None:
        before = max(query.before.timestamp(), 0)
        tests.append(lambda segment: segment.numbers(MOMENT) < before)
    if query.merges is not Forks.YES:
        is_only = query.merges is Forks.ONLY
        tests.append(lambda segment: (segment.numbers(PARENTS) > 1) == is_only)
    tests += _people_tests(session, viewer, AUTHOR, query.authors)
    tests += _people_tests(session, viewer, COMMITTER, query.committers)
    return [*tests, *map(_trailer_test, query.trailers)]


def _people_tests(session: Session, viewer: Viewer, column: str, wanted: Sequence[PersonTest]) -> list[_Test]:
    """Any of those that are wanted, and none of the others."""
    tests = []
    for is_excluded in (False, True):
        named = [one for one in wanted if one.is_excluded is is_excluded]
        if named:
            is_one = or_(*(_is_named(session, viewer, one) for one in named))
            ids = np.fromiter(session.scalars(select(CommitPerson.id).where(is_one)), np.uint64)
            tests.append(_in_column(column, ids, is_excluded=is_excluded))
    return tests


def _in_column(column: str, ids: NDArray[np.uint64], *, is_excluded: bool) -> _Test:
    return lambda segment: np.isin(segment.numbers(column), ids, invert=is_excluded)


def _is_named(session: Session, viewer: Viewer, one: PersonTest) -> ColumnElement[bool]:
    if not one.is_me:
        return or_(holds_word(CommitPerson.name, one.value), holds_word(CommitPerson.email, one.value))
    user = None if viewer.user_id is None else session.get(User, viewer.user_id)
    if user is None:
        raise Misunderstood(
            text("me is whoever is signed in"), one.at, text("Sign in, or write a name or an address.")
        )
    # What the hub commits for somebody bears an address that it made, at whichever host it had.
    is_own = CommitPerson.email.startswith(f"{user.name}@noreply.", autoescape=True)
    return or_(func.lower(CommitPerson.email) == user.email.lower(), is_own)


def _trailer_test(wanted: TrailerTest) -> _Test:
    def test(segment: WordSegment) -> Mask:
        has = np.ones(segment.count, np.bool_)
        for term in wanted.terms:
            has_one = np.zeros(segment.count, np.bool_)
            has_one[segment.postings(TRAILERS, term)[0]] = True
            has &= has_one
        return ~has if wanted.is_excluded else has

    return test


def _by_id(
    session: Session, segments: Sequence[WordSegment], query: CommitQuery, places: Places
) -> _Ranked | None:
    """The commits that are shown whose ids begin as the one word of the query; None where there is none."""
    named = np.array(sorted(_numbers_that_begin(session, [query.may_be_id])), np.uint64)
    found = named[places.shown.among(named)]
    return found if len(found) and segments else None


def _numbers_that_begin(session: Session, beginnings: Sequence[str]) -> list[int]:
    found: list[int] = []
    for one in beginnings:
        lowest = bytes.fromhex(one + "0" * (len(one) % 2))
        highest = bytes.fromhex(one.ljust(2 * _ID_BYTES, "f"))
        rows = select(CommitDocument.number).where(
            CommitDocument.key >= lowest, CommitDocument.key <= highest
        )
        found += session.scalars(rows.limit(_MOST_TOUCHING))
    return found


def _touching(session: Session, query: CommitQuery, places: Places) -> tuple[Numbers, bool]:
    """The commits that touched the path, and whether there are older ones that were not looked at."""
    asked = query.path
    assert asked is not None, "only then it is asked"
    if len(places.all) != 1:
        raise Misunderstood(
            text("path: looks into one history, and this searches %(count)s", count=len(places.all)),
            asked.at,
            text("Name one repository by its whole path, such as repo:anna/demo."),
        )
    place = places.all[0]
    folder = directory(config_of(session), session.get_one(Repository, place.repository_id))
    path = asked.value.strip("/").encode("utf-8", "surrogateescape")
    try:
        ids = list_touching(folder, place.commit_id, path, most=_MOST_TOUCHING, timeout_seconds=_PATH_SECONDS)
    except GitTooSlow as error:
        raise Misunderstood(
            text("git takes too long to say which commits touched it"),
            asked.at,
            text("Look at the history of the path in the repository itself."),
        ) from error
    if ids is None:
        return as_numbers(()), False
    numbers = [number for some in ids.parts(_IDS_AT_ONCE) for number in numbers_of(session, some).values()]
    return as_numbers(numbers), ids.is_cut


def _load(session: Session, places: Places, numbers: Sequence[int]) -> tuple[FoundCommit, ...]:
    ids, holding = ids_of(session, numbers), places.holding(numbers)
    return tuple(
        FoundCommit(ids[one], holding[one][0], tuple(holding[one][1:]))
        for one in numbers
        if one in ids and holding[one]
    )
