"""The registry of namespaces in which a push means more than moving the ref it names."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from hub.events import RefsUpdated
from hub.repos.models import Repository
from hub.repos.pushes import Options, PushContext, RefUpdate
from hub.repos.pushing.push_policy import Refusal


@dataclass(frozen=True, slots=True)
class Grant:
    """What a namespace makes of one ref of a push: the refs that the hub moves for it, and git's options."""

    moves: tuple[RefUpdate, ...]
    options: tuple[str, ...] = ()


# Called in the transaction of the intent, so that it may reserve numbers.
Judge = Callable[[Session, PushContext, Repository, RefUpdate, Options], Grant | Refusal]
# Called in the transaction of the record, with what moved; returns lines for the pusher.
Record = Callable[[Session, RefsUpdated], list[str]]


@dataclass(frozen=True, slots=True)
class Namespace:
    """One registered namespace."""

    prefix: str
    judge: Judge
    record: Record


_namespaces: Final[dict[str, Namespace]] = {}


def namespace(prefix: str, judge: Judge, record: Record) -> None:
    """Registers who decides about refs that begin with `prefix`, which ends with a slash."""
    _namespaces[prefix] = Namespace(prefix, judge, record)


def find_namespace(ref: str) -> Namespace | None:
    """Who decides about this ref, if it is not the ordinary policy."""
    return next((one for prefix, one in _namespaces.items() if ref.startswith(prefix)), None)


def record_all(session: Session, event: RefsUpdated) -> list[str]:
    """Lets every namespace record its part of what moved; returns the lines for the pusher."""
    return [line for one in _namespaces.values() for line in one.record(session, event)]
