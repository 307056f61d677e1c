"""The registry of what higher features add to a repository's pages: each registers a filler for a slot."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.errors import Text
from hub.repos.models import Repository


class Slot(StrEnum):
    """A place in a page, and what its fillers are told it is about."""

    COMPARISON = "comparison"  # above the commits of two compared sides: a `Comparison`
    COMMIT = "commit"  # below the facts of a commit: its id
    FILE = "file"  # between the facts of a file and what it holds: a `FilePage`
    LINES = "lines"  # beside lines of a file that are put in behind others: a `FilePage`; marks only
    CLONE = "clone"  # below the addresses to clone from: None
    PEOPLE = "people"  # below those who have a role: None
    BRANCHES = "branches"  # at the end of each row: the names of the branches on the page


@dataclass(frozen=True, slots=True)
class LineMark:
    """A link beside the number of a line; `goes_on`: the line before has the same one."""

    address: str
    says: Text
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """What stands in a slot: a template, which sees `piece` and what is around it, and values for it.

    `marks` stand beside the lines of a file, by their numbers.
    """

    template: str
    values: Mapping[str, Any]  # what the template uses
    marks: Mapping[int, LineMark] = field(default_factory=dict)


# Any: what the slot is about.
Filler = Callable[[Session, Viewer, Repository, Any], Piece | None]

_fillers: Final[dict[Slot, list[Filler]]] = {}


def fill(slot: Slot, filler: Filler) -> None:
    """Registers what adds to that slot of every repository's pages; it reads only."""
    _fillers.setdefault(slot, []).append(filler)


def pieces_of(
    slot: Slot,
    session: Session,
    viewer: Viewer,
    repository: Repository,
    about: Any,  # what the slot is about
) -> Sequence[Piece]:
    """What stands there, for this viewer, in the order of registration."""
    found = [one(session, viewer, repository, about) for one in _fillers.get(slot, ())]
    return [one for one in found if one is not None]


def marks_in(pieces: Sequence[Piece]) -> Mapping[int, LineMark]:
    """The marks of all of these; of two for one line the first."""
    return {line: mark for one in reversed(pieces) for line, mark in one.marks.items()}
