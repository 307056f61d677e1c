"""Everything that can happen, as records of ids, and how one part hears of another's.

A subscriber runs in the transaction of the publisher. This module holds ids, never models.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Event:
    """The base of all events."""


@dataclass(frozen=True, slots=True)
class RepositoryCreated(Event):
    """A repository was made; it has no commits yet.

    `journal` is the id of one that was begun elsewhere and that it is given, else empty.
    """

    repository_id: int
    journal: str = ""


@dataclass(frozen=True, slots=True)
class DefaultBranchChanged(Event):
    """Another branch of a repository became its default one, by hand."""

    repository_id: int


@dataclass(frozen=True, slots=True)
class BranchesChosen(Event):
    """Other branches of a repository are to be searched."""

    repository_id: int


@dataclass(frozen=True, slots=True)
class PersonRenamed(Event):
    """A person has another name; their former one leads to it."""

    user_id: int


@dataclass(frozen=True, slots=True)
class PersonDeleted(Event):
    """A person's account is being deleted; what only they had a use for goes with it."""

    user_id: int


@dataclass(frozen=True, slots=True)
class ImportWanted(Event):
    """An import waits to be done."""

    repository_id: int


@dataclass(frozen=True, slots=True)
class LoanToEnd(Event):
    """A fork is to be given copies of the objects that it borrows."""

    repository_id: int


@dataclass(frozen=True, slots=True)
class JournalGrew(Event):
    """Something was said or decided in a repository, and is not in its refs yet."""

    repository_id: int


@dataclass(frozen=True, slots=True)
class KeyAdded(Event):
    """A person registered an SSH key."""

    user_id: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class KeyWithdrawn(Event):
    """A person took an SSH key back."""

    user_id: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class WordsTakenAway(Event):
    """Texts of a repository's journal were taken away; what is left of them on the disk has to go."""

    repository_id: int


@dataclass(frozen=True, slots=True)
class TokenUsed(Event):
    """An access token was used, and its row does not say so yet."""

    token_id: int


@dataclass(frozen=True, slots=True)
class KeyUsed(Event):
    """An SSH key was used, and its row does not say so yet."""

    key_id: int


@dataclass(frozen=True, slots=True)
class SignInUsed(Event):
    """A browser's sign-in was used, and its row does not say so yet."""

    sign_in_id: int


@dataclass(frozen=True, slots=True)
class MovedRef:
    """One ref that moved: full name, old and new id; an id of zeros means "none"."""

    name: str
    old_id: str
    new_id: str


@dataclass(frozen=True, slots=True)
class RefsUpdated(Event):
    """Refs of a repository moved and were recorded; `user_id` is None where nobody is known."""

    repository_id: int
    user_id: int | None
    push_id: str
    refs: tuple[MovedRef, ...]


E = TypeVar("E", bound=Event)
Subscriber = Callable[[Session, E], None]
_subscribers: dict[type[Event], list[Callable[[Session, Event], None]]] = defaultdict(list)


def on(kind: type[E]) -> Callable[[Subscriber[E]], Subscriber[E]]:
    """Registers the decorated function to hear of every event of that kind."""

    def register(subscriber: Subscriber[E]) -> Subscriber[E]:
        def hear(session: Session, event: Event) -> None:
            assert isinstance(event, kind)
            subscriber(session, event)

        _subscribers[kind].append(hear)
        return subscriber

    return register


def publish(session: Session, event: Event) -> None:
    """Tells every subscriber, in the order of registration, in this transaction."""
    for subscriber in _subscribers[type(event)]:
        subscriber(session, event)
