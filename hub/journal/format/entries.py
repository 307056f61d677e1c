"""An entry as it is applied: who did what, when, and after what. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a topic; `id` is the SHA-256 of its canonical bytes.

    `by` is the handle of a person, empty for the hub itself. `t` is 1 + the largest `t` of what it follows,
    `at` whole seconds of UTC. `topic` is empty in an opening. `bodies` are the texts, None where one is
    withheld, and `digests` what the entry names them by.
    """

    id: str
    kind: str
    by: str
    hub: str
    t: int
    at: int
    topic: str
    d: Mapping[str, Any]  # what the kind says it holds
    bodies: tuple[str | None, ...] = ()
    digests: tuple[str, ...] = ()
    v: int = 1

    @property
    def person(self) -> str:
        """Who acted, as all hubs name them."""
        return f"{self.by}@{self.hub}"

    @property
    def topic_id(self) -> str:
        """The id of its topic, which is that of the opening."""
        return self.topic or self.id


def ordered(entries: Iterable[Entry]) -> list[Entry]:
    """The entries in the order in which they are applied, the same in every hub."""
    return sorted(entries, key=lambda one: (one.t, one.id))
