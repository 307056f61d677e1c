"""What a kind of search is made of: what is indexed of it, what is asked of its rows, how it is shown."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

import numpy as np
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.errors import Text
from hub.repos.access import visible_to
from hub.repos.models import Repository
from hub.search.syntax import Filter
from hub.search.words.analysis import Atom
from hub.search.words.documents import Document, DocumentKind
from hub.search.words.ranking import Shown
from hub.search.words.segments import Mask, WordSegment

# What names a document: its kind and its row.
Name = tuple[DocumentKind, int]


class Source(Protocol):
    """What is indexed together: units, each at a stamp, and the documents that each of them is made into.

    Each unit has one document of the first of `kinds`, whose row is the unit's own. `is_of_topics`: units are
    topics, which change with their journals' entries alone.
    """

    kinds: Sequence[DocumentKind]
    is_of_topics: bool

    def stamps(self, session: Session, units: Collection[int] | None = None) -> dict[int, int]:
        """How far each unit is (those named, or all); one that is not in it has no documents."""

    def documents(self, session: Session, stamps: Mapping[int, int]) -> Iterator[Document]:
        """The documents of these units, each with the stamp given."""

    def list_taken(self, session: Session, units: Collection[int]) -> set[int]:
        """Those of the units from which words were taken away."""


# Any: expressions of several types.
Columns = Mapping[str, ColumnElement[Any]]


@dataclass(frozen=True, slots=True)
class RowSet:
    """The rows behind the documents of one kind.

    `columns` are what operators and orders know of a row, by name: `id`, `at`, and others. `base` is a
    statement of nothing but joins.
    """

    document: DocumentKind
    base: Select[Any]
    columns: Columns


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, when, and in which session."""

    session: Session
    viewer: Viewer
    at: datetime


# What a filter asks of rows.
Condition = Callable[[Asked, RowSet, Filter], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Operator:
    """One filter: what it is for, an example, and its condition.

    Of several of one name any is enough, unless it `needs_all`.
    """

    help: Text
    example: str
    condition: Condition
    needs_all: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """How results are sorted: by a column of the rows, or by score where that is None."""

    label: Text
    column: str | None
    is_descending: bool = True


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of search. `show` makes of names what the page `template` writes, without what is gone."""

    name: str
    label: Text
    template: str
    rows: Sequence[RowSet]
    operators: Mapping[str, Operator]
    orders: Mapping[str, Order]
    # Of the index; `is_visible` says the same of rows.
    shown: Callable[[Session, Viewer, "Kind"], Shown]
    # What a page writes of each name that it still finds; the atoms are to be marked.
    show: Callable[[Session, Viewer, Sequence[Name], Sequence[Atom]], Sequence[object]]
    is_visible: Callable[[Viewer], ColumnElement[bool]] = field(default=visible_to)

    @property
    def documents(self) -> list[DocumentKind]:
        """The kinds of documents that it finds."""
        return [one.document for one in self.rows]


def shown_in_repositories(session: Session, viewer: Viewer, kind: Kind) -> Shown:
    """The documents of that kind in the repositories that the viewer may see."""
    is_seen = _seen_by(session, viewer)
    kinds = kind.documents

    def shown(segment: WordSegment) -> Mask:
        repositories = segment.numbers("repository")
        seen: Mask = is_seen[np.minimum(repositories, np.uint64(len(is_seen) - 1))]
        return seen & (repositories < len(is_seen)) & np.isin(segment.numbers("kind"), kinds)

    return shown


def _seen_by(session: Session, viewer: Viewer) -> Mask:
    """Whether the viewer sees a repository, by its id; asked once for all tabs of a page."""
    known = session.info.setdefault("seen_repositories", {})
    if viewer not in known:
        ids = session.scalars(select(Repository.id).where(visible_to(viewer))).all()
        is_seen = np.zeros(max(ids, default=0) + 1, np.bool_)
        is_seen[list(ids)] = True
        known[viewer] = is_seen
    seen: Mask = known[viewer]
    return seen


def shown_to_all(session: Session, viewer: Viewer, kind: Kind) -> Shown:
    """The documents of that kind, which belong to no repository."""
    kinds = kind.documents

    def shown(segment: WordSegment) -> Mask:
        found: Mask = np.isin(segment.numbers("kind"), kinds)
        return found

    return shown


NEWEST: Final = "newest"
RELEVANCE: Final = "relevance"
