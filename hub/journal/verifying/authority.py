"""Who could speak when: the ring of hubs, keys and people, as each receipt found it. Pure.

Receipts are the clock, because dates can be set back: `own` is the number of the receipt that the hub of an
entry made, `seq` that of the receipt in the journal that is read; for a hub's own entries they are the same.
"""

from dataclasses import dataclass, field
from typing import Final

from hub.journal.format.entries import Entry
from hub.journal.kinds import kinds_of
from hub.journal.recording import REPOSITORY
from hub.journal.replay import NOT_UNDERSTOOD, apply
from hub.journal.ring import HubRole, Ring
from hub.journal.verifying.findings import FoundReceipt
from hub.journal.verifying.report import Code

# One of a person's texts may have been given another name before it was withheld: nothing is wrong with that.
_HARMLESS: Final = (NOT_UNDERSTOOD, "not one's own words")


@dataclass(frozen=True, slots=True)
class _Moment:
    hub: str
    own: int
    seq: int
    is_introduction: bool = False


@dataclass(slots=True)
class Authority:
    """The ring up to a receipt. `accepted` are hubs that may appoint themselves.

    `successors` are hubs by the receipt in which they last became a home.
    """

    accepted: frozenset[str] = frozenset()
    ring: Ring = field(default_factory=Ring)
    successors: dict[str, int] = field(default_factory=dict)
    _moments: dict[str, _Moment] = field(default_factory=dict)

    def take_in(self, entry: Entry, *, own: int, seq: int) -> str | None:
        """Changes the ring by an entry of the repository's own topic; returns why it has no right to."""
        ring = self.ring
        is_opening = entry.kind == "repo"
        moment = _Moment(entry.hub, 0, 0) if is_opening else _Moment(entry.hub, own, seq, entry.kind == "hub")
        self._moments[entry.id] = moment
        why = apply(kinds_of(REPOSITORY), ring, entry, frozenset())
        if why is not None:
            return None if why in _HARMLESS else why
        if entry.kind not in ("hub", "repo"):
            return None
        named = entry.hub if is_opening else entry.d["hub"]
        if ring.hubs[named] is HubRole.HOME:
            self.successors[named] = seq
        if named in ring.self_appointed and named == entry.hub and named not in self.accepted:
            return f"the hub {named} appointed itself; whoever knows it says so: --accept {named}"
        return None

    def find_fault(
        self, holder: str, fingerprint: str, receipt: FoundReceipt, seq: int
    ) -> tuple[Code, str] | None:
        """Why the key of that holder could not sign when its hub made the receipt; None where it could.

        `seq` is the number of a receipt in the journal that is read: of this one, or the one that took it in.
        """
        key = self.ring.keys.get((holder, fingerprint))
        if key is None:
            return Code.UNKNOWN_KEY, f"{fingerprint} is no key of {holder} here"
        if key.withdrawn_in is None:
            return None
        end = self._moments[key.withdrawn_in]
        if end.is_introduction:
            # It had other keys before it was introduced, and only its own journal tells until when.
            is_late = receipt.seq == seq and seq >= end.seq
        elif receipt.hub == end.hub:
            is_late = receipt.seq > end.own
        else:
            is_late = seq > end.seq
        return (Code.REVOKED_KEY, f"{fingerprint} was withdrawn in receipt {end.seq}") if is_late else None

    def is_key_of_hub(self, hub: str, fingerprint: str) -> bool:
        """Whether the hub ever had that key."""
        return (hub, fingerprint) in self.ring.keys
