"""Lists of the changes of a repository: by state, filtered and sorted, with what counts of each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session

from hub.db import holds_word
from hub.errors import BadRequest, text
from hub.issues.models import Topic, TopicState, TopicType
from hub.journal.linking import is_called
from hub.journal.models import Person
from hub.paging import PAGE_SIZE, Page, make_page, offset_of
from hub.repos.models import Repository
from hub.reviews.change_rows import ChangeRow, read_rows
from hub.reviews.models import ChangeReviewer, Review

_LONGEST_WANTED: Final = 100
_LARGEST_NUMBER: Final = 2**31 - 1


class Shown(StrEnum):
    """Which changes a list shows: open ones are ready for review, drafts are not."""

    OPEN = "open"
    DRAFT = "draft"
    MERGED = "merged"
    CLOSED = "closed"


class Order(StrEnum):
    """What a list of changes begins with."""

    NEWEST = "newest"
    OLDEST = "oldest"
    UPDATED = "updated"
    COMMENTED = "commented"


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed to and how it is sorted; people are names, `wanted` words or a number."""

    shown: Shown = Shown.OPEN
    wanted: str = ""
    author: str = ""
    reviewer: str = ""
    order: Order = Order.NEWEST

    @property
    def kept(self) -> dict[str, str]:
        """What an address says of it."""
        given = {
            "state": self.shown.value if self.shown is not Shown.OPEN else "",
            "q": self.wanted,
            "author": self.author,
            "reviewer": self.reviewer,
            "sort": self.order.value if self.order is not Order.NEWEST else "",
        }
        return {name: value for name, value in given.items() if value}

    @property
    def is_narrow(self) -> bool:
        """Whether it leaves changes of its state out."""
        return bool(self.wanted or self.author or self.reviewer)

    def showing(self, shown: str) -> "Filter":
        """The same for changes of another state."""
        return replace(self, shown=Shown(shown))


@dataclass(frozen=True, slots=True)
class ChangeList:
    """One page of changes, and how many there are of each state, whatever the filter leaves out."""

    page: Page[ChangeRow]
    counts: Mapping[Shown, int]


def read_filter(given: Mapping[str, str]) -> Filter:
    """The filter that an address asks for; raises BadRequest for a state or an order that there is not."""
    words = {
        name: " ".join(given.get(name, "").replace("\0", " ").split())[:_LONGEST_WANTED].strip()
        for name in ("q", "author", "reviewer")
    }
    try:
        return Filter(
            shown=Shown(given.get("state") or Shown.OPEN),
            wanted=words["q"],
            author=words["author"].removeprefix("@"),
            reviewer=words["reviewer"].removeprefix("@"),
            order=Order(given.get("sort") or Order.NEWEST),
        )
    except ValueError as error:
        raise BadRequest(
            text("There is no such list of changes."),
            next_step=text("Choose one of the states and orders on the page."),
        ) from error


def list_changes(session: Session, repository: Repository, narrowed: Filter, *, page: int = 1) -> ChangeList:
    """The changes of a repository, which the viewer sees, that the filter asks for."""
    counts = count_changes(session, repository)
    conditions = [_is_of(repository), _is_shown(narrowed.shown), *_conditions(narrowed)]
    total = counts[narrowed.shown]
    if narrowed.is_narrow:
        total = session.scalar(select(func.count()).select_from(Topic).where(*conditions)) or 0
    ids = _ids(*conditions).order_by(*_columns_of(narrowed.order)).offset(offset_of(page)).limit(PAGE_SIZE)
    rows = read_rows(session, session.scalars(ids).all())
    return ChangeList(make_page(rows, number=page, total=total), counts)


def count_open(repository_id: int) -> ColumnElement[int]:
    """How many changes of the repository are open and no drafts, as part of a statement."""
    is_one = (
        Topic.repository_id == repository_id,
        Topic.type == TopicType.CHANGE,
        Topic.state == TopicState.OPEN,
        Topic.is_draft.is_(False),
    )
    return select(func.count()).select_from(Topic).where(*is_one).scalar_subquery()


def count_changes(session: Session, repository: Repository) -> dict[Shown, int]:
    """How many changes of a repository there are of each state."""
    drafts = func.count().filter(Topic.is_draft.is_(True))
    # In the order of the index, which holds all three: no row is read, nothing is sorted.
    counted = select(Topic.state, func.count(), drafts).where(_is_of(repository)).group_by(Topic.state)
    found = dict.fromkeys(Shown, 0)
    for state, count, draft_count in session.execute(counted):
        if state is TopicState.OPEN:
            found[Shown.DRAFT] = draft_count
            found[Shown.OPEN] = count - draft_count
        else:
            found[Shown(state)] = count
    return found


def _is_of(repository: Repository) -> ColumnElement[bool]:
    return (Topic.repository_id == repository.id) & (Topic.type == TopicType.CHANGE)


def _is_shown(shown: Shown) -> ColumnElement[bool]:
    if shown in (Shown.OPEN, Shown.DRAFT):
        return (Topic.state == TopicState.OPEN) & (Topic.is_draft.is_(shown is Shown.DRAFT))
    return Topic.state == TopicState(shown)


# The ids alone: an index holds all that finds and sorts them, so that a page far behind costs no more.
def _ids(*conditions: ColumnElement[bool]) -> Select[int]:
    return select(Topic.id).where(*conditions)


def _conditions(narrowed: Filter) -> list[ColumnElement[bool]]:
    found = [_mentions(word) for word in narrowed.wanted.split()]
    if narrowed.author:
        found.append(Topic.author_id.in_(_people_called(narrowed.author)))
    if narrowed.reviewer:
        found.append(is_reviewed_by(_people_called(narrowed.reviewer)))
    return found


def _mentions(word: str) -> ColumnElement[bool]:
    number = word.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) <= 10 and int(number) <= _LARGEST_NUMBER:
        is_it = Topic.number == int(number)
        return is_it if word.startswith("#") else or_(is_it, _holds(word))
    return _holds(word)


def _holds(word: str) -> ColumnElement[bool]:
    return or_(holds_word(Topic.title, word), holds_word(Topic.description, word))


def _people_called(name: str) -> Select[int]:
    return select(Person.id).where(is_called(name))


def is_reviewed_by(people: Select[int]) -> ColumnElement[bool]:
    """Whether these people were asked to review a topic, or did, as part of a statement."""
    was_asked = exists().where(ChangeReviewer.topic_id == Topic.id, ChangeReviewer.person_id.in_(people))
    # To answer about one's own change is no review of it.
    has_reviewed = exists().where(
        Review.topic_id == Topic.id, Review.author_id.in_(people), Review.author_id != Topic.author_id
    )
    return or_(was_asked, has_reviewed)


# Any: columns of several types.
def _columns_of(order: Order) -> list[ColumnElement[Any]]:
    if order is Order.OLDEST:
        return [Topic.number.asc()]
    if order is Order.UPDATED:
        return [Topic.updated_at.desc(), Topic.number.desc()]
    if order is Order.COMMENTED:
        return [Topic.comments_count.desc(), Topic.number.desc()]
    return [Topic.number.desc()]
