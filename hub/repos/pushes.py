"""The records that the stages of a push hand on to each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from hub.access import Viewer
from hub.repos.models import ZERO_ID

# Ids of git's two kinds of hashes; either kind's zeros mean "none".
_ZERO_IDS: Final = frozenset({ZERO_ID, "0" * 64})

# Push options as they were given: keys may come more than once.
Options = Sequence[tuple[str, str]]
# What git is told about one ref: name, "ok" and options, or name, "ng" and the reason.
Answer = tuple[str, Literal["ok"], list[str]] | tuple[str, Literal["ng"], str]


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """One ref that shall move: its full name, the id expected there, the one to put there; zeros: "none"."""

    name: str
    old_id: str
    new_id: str

    @property
    def creates(self) -> bool:
        """Whether there is no such ref yet."""
        return self.old_id in _ZERO_IDS

    @property
    def deletes(self) -> bool:
        """Whether there shall be no such ref any more."""
        return self.new_id in _ZERO_IDS


@dataclass(frozen=True, slots=True)
class PushContext:
    """Who pushes what where: what every question about one push says."""

    push_id: str
    repository_id: int
    viewer: Viewer
    base_url: str = ""


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """What is said of a push's new objects; `packs` are the names under which git will keep them."""

    accepted: bool
    lines: list[str]
    packs: list[str]


@dataclass(frozen=True, slots=True)
class Judgement:
    """An answer for each ref that may be named, whether anything will move, and lines for the pusher."""

    answers: list[Answer]
    intent: bool
    lines: list[str]


@dataclass(frozen=True, slots=True)
class WantsAnswer:
    """Which wanted objects are refused, and a digest of the refs that this was found for."""

    refused: list[str]
    state: str
