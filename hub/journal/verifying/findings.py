"""What stands in a clone, taken down record by record: small values, of which many fit into memory. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hub.journal.format.entries import Entry
from hub.journal.verifying.report import Place


class FoundEntry(NamedTuple):
    """An entry as it stands in a record.

    `key` is the one that must sign. `unsigned_why` says why its signature is not one of that key's, and is
    empty where it is, where it has none, and where signatures are not looked at. `absent` are the digests of
    the bodies that are not there.
    """

    entry: Entry
    key: str
    repo: str
    prev: tuple[str, ...]
    has_signature: bool
    unsigned_why: str
    absent: tuple[str, ...]


class FoundReceipt(NamedTuple):
    """A receipt; `unsigned_why` says why its signature is not one of `key`, and is empty where it is."""

    id: str
    hub: str
    key: str
    repo: str
    topic: str
    seq: int
    prev: str
    at: int
    entries: tuple[str, ...]
    unsigned_why: str


@dataclass(frozen=True, slots=True)
class Found:
    """One record, in the ref in which it stands."""

    ref: str
    commit_id: str
    receipt: FoundReceipt
    origins: tuple[FoundReceipt, ...]
    entries: tuple[FoundEntry, ...]

    @property
    def seq(self) -> int:
        """The number of its receipt."""
        return self.receipt.seq

    @property
    def place(self) -> Place:
        """Where its receipt stands."""
        return Place(self.ref, self.commit_id, self.receipt.seq)

    def place_of(self, entry: Entry) -> Place:
        """Where one of its entries stands."""
        return Place(self.ref, self.commit_id, self.receipt.seq, entry.kind, entry.id)

    def origin_of(self, entry: Entry) -> FoundReceipt | None:
        """The receipt of the entry's own hub: an origin, or the record's own; None where there is none."""
        if entry.hub == self.receipt.hub:
            return self.receipt
        is_it = (one for one in self.origins if one.hub == entry.hub and entry.id in one.entries)
        return next(is_it, None)


@dataclass(slots=True)
class Findings:
    """What a clone holds of a journal: its chains by ref, each from the oldest record to the newest.

    `numbered` has one record for each number of a receipt, in their order; `head` is the record to which
    refs/hub/at points. `unread` counts texts that a clone without blobs does not have.
    """

    chains: dict[str, list[Found]] = field(default_factory=dict)
    numbered: dict[int, Found] = field(default_factory=dict)
    head: Found | None = None
    unread: int = 0

    @property
    def in_order(self) -> Sequence[Found]:
        """The records in the order of their receipts."""
        return list(self.numbered.values())
