"""What a verification found: the codes of faults in their order, and what each means. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Code(StrEnum):
    """What can be wrong, causes before their consequences: the first that is found explains the others."""

    NO_JOURNAL = "no journal"
    NOT_CANONICAL = "not canonical"
    FOREIGN_CONTENT = "foreign content"
    ANOTHER_REPOSITORY = "another repository"
    REPLAYED_RECEIPT = "replayed receipt"
    TWO_BRANCHES = "two branches"
    REVOKED_KEY = "revoked key"
    UNKNOWN_KEY = "unknown key"
    BAD_SIGNATURE = "bad signature"
    NOT_SIGNED = "author's signature missing"
    ANOTHER_TOPIC = "another topic"
    REPLAYED_ENTRY = "replayed entry"
    EDITED_ENTRY = "edited entry"
    DROPPED_ENTRY = "dropped entry"
    SLIPPED_IN = "slipped in"
    REORDERED = "reordered"
    NO_RIGHT = "no right"
    CLOCK = "clock"
    EDITED_BODY = "edited body"
    MISSING_BODY = "missing body"
    RENAMED_REF = "renamed ref"
    MISSING_RECEIPT = "missing receipt"
    TRUNCATED = "truncated"
    NO_HEAD = "no head"
    NO_ORIGIN = "no origin"
    MISSING_ANCESTOR = "missing ancestor"
    BROKEN_CHAIN = "broken chain"
    NUMBER_TAKEN_TWICE = "number taken twice"
    PATCH_SET_MOVED = "patch set moved"
    MERGE_NOT_PROVEN = "merge not proven"
    ROLLED_BACK = "rolled back"


_RANKS: Final = {code: rank for rank, code in enumerate(Code)}

MEANINGS: Final[Mapping[Code, str]] = {
    Code.NO_JOURNAL: "Nothing here can be verified. Fetch it: git fetch origin '+refs/hub/*:refs/hub/*'",
    Code.NOT_CANONICAL: "This was not written by a hub, or was changed afterwards. Do not believe this ref.",
    Code.FOREIGN_CONTENT: "Somebody added something that no hub signed. Do not believe what it says.",
    Code.ANOTHER_REPOSITORY: "This was said about another repository than the one you trust.",
    Code.REPLAYED_RECEIPT: "One receipt stands in two places: what was said there was copied here.",
    Code.TWO_BRANCHES: "The hub signed two stories, or its key was stolen. Ask which one others have.",
    Code.REVOKED_KEY: "Whoever holds a key that was withdrawn wrote this: take it as forged.",
    Code.UNKNOWN_KEY: "A key that nobody introduced signed this: take it as forged.",
    Code.BAD_SIGNATURE: "What was signed is not what stands here: it was changed or made up.",
    Code.NOT_SIGNED: "This person signs with a key of their own, and did not sign this: take it as forged.",
    Code.ANOTHER_TOPIC: "This was said elsewhere, and was moved here.",
    Code.REPLAYED_ENTRY: "Something that was said once stands here again.",
    Code.EDITED_ENTRY: "What stands here is not what the hub took in: somebody changed it.",
    Code.DROPPED_ENTRY: "Something that was said is missing: somebody took it out.",
    Code.SLIPPED_IN: "Something stands here that the hub did not take in.",
    Code.REORDERED: "Somebody changed the order in which things were said.",
    Code.NO_RIGHT: "A hub did what only a hub that keeps this repository may do. It does not count.",
    Code.CLOCK: "An entry claims a place in the order that is not its own: it would win over others.",
    Code.EDITED_BODY: "A text is not what its author wrote.",
    Code.MISSING_BODY: "A text is gone, and nobody withheld it in the open.",
    Code.RENAMED_REF: "A topic stands under another one's number: you may be reading another change.",
    Code.MISSING_RECEIPT: "A part of the journal was taken out, or was not fetched.",
    Code.TRUNCATED: "The newest part of the journal was cut off, or was not fetched.",
    Code.NO_HEAD: "Nobody can say whether this is all. Fetch refs/hub/*, or check one: hub verify TOPIC",
    Code.NO_ORIGIN: "That hub never signed for this: it may not have been said there.",
    Code.MISSING_ANCESTOR: "It answers something that is not here: a part is missing, or it was made up.",
    Code.BROKEN_CHAIN: "A receipt does not continue the one before it: the past was written anew.",
    Code.NUMBER_TAKEN_TWICE: "One number names two things: what you quote may be the other one.",
    Code.PATCH_SET_MOVED: "The ref shows other commits than those that were proposed and reviewed.",
    Code.MERGE_NOT_PROVEN: "The hub says merged; the branch here does not show it. Fetch the branch too.",
    Code.ROLLED_BACK: "This clone lacks what was seen before: it shows an older state, or another story.",
}

# What one clone cannot show, whatever it holds.
NOT_SHOWN: Final = (
    "that nothing newer is withheld: compare the head with the hub's page, or with somebody else's clone",
    "that everybody is shown this same journal: compare the head in the same way",
    "that people said what the hub put down for them without a signature of their own",
    "that the hub was right whenever it found that somebody had the right to do something",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was found; empty and 0 where that says nothing."""

    ref: str = ""
    commit_id: str = ""
    seq: int = 0
    kind: str = ""
    entry_id: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong."""

    code: Code
    place: Place
    what: str

    @property
    def meaning(self) -> str:
        """What it means for whoever reads this clone."""
        return MEANINGS[self.code]


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is no fault, and that a reader should know."""

    place: Place
    what: str


@dataclass(frozen=True, slots=True)
class Head:
    """A receipt by its number and the SHA-256 of its bytes; `at` is its moment, 0 where that is not known."""

    seq: int = 0
    receipt_id: str = ""
    at: int = 0


@dataclass(slots=True)
class Report:
    """What was verified and what was found; `signed` counts the entries that their authors signed."""

    repository: str = ""
    head: Head = Head()
    receipts: int = 0
    entries: int = 0
    signed: int = 0
    bodies: int = 0
    withheld: int = 0
    topics: int = 0
    merges: int = 0
    is_partial: bool = False
    is_quick: bool = False
    keepers: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def fault(self, code: Code, place: Place, what: str) -> None:
        """Notes something that is wrong."""
        self.faults.append(Fault(code, place, what))

    def note(self, place: Place, what: str) -> None:
        """Notes something that is none."""
        self.notes.append(Note(place, what))

    def sort(self) -> None:
        """Puts causes before consequences, and what came first before what followed."""
        self.faults.sort(key=lambda one: (_RANKS[one.code], one.place.seq))
