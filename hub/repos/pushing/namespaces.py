"""The registries of what a push means beside moving the refs it names: review refs, and branches watched."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from hub.events import RefsUpdated
from hub.repos.models import Repository
from hub.repos.pushes import Options, PushContext, RefUpdate
from hub.repos.pushing.push_policy import Refusal


@dataclass(frozen=True, slots=True)
class Grant:
    """What a namespace makes of one ref of a push: the refs that the hub moves for it, and git's options.

    Where it moves none, what the ref was for is done in the transaction of the judge, and `lines` tell of it.
    """

    moves: tuple[RefUpdate, ...]
    options: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


# What looking found, for the judge of the same feature alone.
Found = Any
# Called before the transaction of the intent, which slow reading must not hold up; reads only.
Look = Callable[[Session, PushContext, Repository, RefUpdate, Options], Found | Refusal]
# Called in the transaction of the intent, so that it may reserve numbers; what a refusal wrote is undone.
Judge = Callable[[Session, PushContext, Repository, Found], Grant | Refusal]
# Called in the transaction of the record, with what moved; returns lines for the pusher.
Record = Callable[[Session, RefsUpdated], list[str]]
# The same two steps for the branches and tags that a push may move: lines for the pusher come from the look,
# and the refs that the hub moves along from the second.
LookAlong = Callable[[Session, PushContext, Repository, Sequence[RefUpdate], Options], Found]
MoveAlong = Callable[[Session, PushContext, Repository, Found], list[RefUpdate]]


@dataclass(frozen=True, slots=True)
class Namespace:
    """One registered namespace."""

    prefix: str
    look: Look
    judge: Judge
    record: Record


@dataclass(frozen=True, slots=True)
class Watch:
    """Somebody to whom ordinary branches mean something.

    What `look` finds has `lines` for the pusher, and `moves_refs`, without which `move` is not asked.
    """

    look: LookAlong
    move: MoveAlong


_namespaces: Final[dict[str, Namespace]] = {}
_watches: Final[list[Watch]] = []


def namespace(prefix: str, look: Look, judge: Judge, record: Record) -> None:
    """Registers who decides about refs that begin with `prefix`, which ends with a slash."""
    _namespaces[prefix] = Namespace(prefix, look, judge, record)


def watch(look: LookAlong, move: MoveAlong) -> None:
    """Registers who is asked about the refs that the ordinary policy lets move."""
    _watches.append(Watch(look, move))


def watches() -> Sequence[Watch]:
    """Everybody who watches."""
    return _watches


def find_namespace(ref: str) -> Namespace | None:
    """Who decides about this ref, if it is not the ordinary policy."""
    return next((one for prefix, one in _namespaces.items() if ref.startswith(prefix)), None)


def record_all(session: Session, event: RefsUpdated) -> list[str]:
    """Lets every namespace record its part of what moved; returns the lines for the pusher."""
    return [line for one in _namespaces.values() for line in one.record(session, event)]
