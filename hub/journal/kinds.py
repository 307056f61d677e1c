"""The registry of what entries mean: how the state of a type of topic begins, changes, is read and kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from sqlalchemy.orm import Session

from hub.journal.format.entries import Entry
from hub.journal.models import JournalTopic

S = TypeVar("S")

# Changes the state by an entry whose hub is or is not among the repository's homes; returns why the entry
# does not count, or None. Pure.
Apply = Callable[[S, Entry, frozenset[str]], str | None]

# Reasons that begin so say that whoever acted had no right to; all others happen to people in good faith.
ONLY: Final = "only "
# Two of one number by one hub: whoever counts does not do that.
NUMBER_USED: Final = "this hub has used that number"


@dataclass(frozen=True, slots=True)
class Proposal:
    """Commits that a topic says were proposed, and the name that they have in its refs."""

    entry_id: str
    hub: str
    number: int
    label: str
    commit_id: str


@dataclass(frozen=True, slots=True)
class Claims:
    """What a topic says of the repository's commits, for git to confirm.

    `merged_commit_id` is in the history of the branch `target`, empty where nothing is; proposals stand in
    the order in which they were made.
    """

    target: str = ""
    merged_commit_id: str = ""
    proposals: tuple[Proposal, ...] = field(default=())


def _nothing(_: Session, __: JournalTopic, ___: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Kinds(Generic[S]):
    """What the entries of one type of topic mean.

    `apply` has a function for each kind of entry. `load` reads the state of a topic from its rows, as it was
    after `save`, and is None of one without any. `save` writes the rows that differ; none for what is not
    shown yet. `note` is told of every entry before it is applied, also of those that nobody understands;
    `claims` are what the state says of the repository's commits, and `welcome` has the home do what a topic
    needs that came from another hub.
    """

    new_state: Callable[[], S]
    apply: Mapping[str, Apply[S]]
    load: Callable[[Session, JournalTopic], S | None]
    save: Callable[[Session, JournalTopic, S], None]
    note: Callable[[S, Entry], None] | None = None
    claims: Callable[[S], Claims] = lambda _: Claims()
    welcome: Callable[[Session, JournalTopic, S], None] = _nothing


_kinds: dict[str, Kinds[Any]] = {}  # the state of each type is a class of its own


def register(type: str, kinds: Kinds[S]) -> None:  # noqa: A002  # the word of the format
    """Says what the entries of that type of topic mean."""
    _kinds[type] = kinds


def kinds_of(type: str) -> Kinds[Any]:  # noqa: A002  # whatever its state is
    """What the entries of that type of topic mean; raises KeyError for one that no feature registered."""
    return _kinds[type]


def find_kinds(type: str) -> Kinds[Any] | None:  # noqa: A002  # whatever its state is
    """What the entries of that type of topic mean; None for one that no feature registered."""
    return _kinds.get(type)


def registered_types() -> list[str]:
    """The types of topics that features registered."""
    return sorted(_kinds)
