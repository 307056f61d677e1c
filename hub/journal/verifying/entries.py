"""Each entry by itself: where it belongs, what it stands on, and who signed it. Pure."""

from dataclasses import dataclass, field

from hub.journal.format.entries import Entry
from hub.journal.format.ref_names import REPOSITORY_REF
from hub.journal.verifying.authority import Authority
from hub.journal.verifying.findings import Findings, Found, FoundEntry
from hub.journal.verifying.report import Code, Place, Report


@dataclass(slots=True)
class EntryChecks:
    """What was seen so far: the records in which entries stand, and their places in the order."""

    clone: Findings
    report: Report
    authority: Authority
    _seen: dict[str, Place] = field(default_factory=dict)
    _clocks: dict[str, tuple[str, int]] = field(default_factory=dict)

    def check(self, found: Found) -> None:
        """Reports what is wrong with the entries of the next record."""
        topic = self.clone.chains[found.ref][0].receipt.topic
        for one in found.entries:
            place = found.place_of(one.entry)
            before = self._seen.setdefault(one.entry.id, place)
            if before is not place:
                what = f"it was taken in before: receipt {before.seq} in {before.ref}"
                self.report.fault(Code.REPLAYED_ENTRY, place, what)
            self._check_home(found, one, topic, place)
            self._check_clock(one, place)
            self._check_author(found, one, place)
            self.report.entries += 1
            self.report.signed += one.has_signature
        if found.receipt.topic != topic and not found.entries:
            what = f"the receipt is one of the topic {found.receipt.topic}"
            self.report.fault(Code.ANOTHER_TOPIC, found.place, what)

    def _check_home(self, found: Found, one: FoundEntry, topic: str, place: Place) -> None:
        entry = one.entry
        if (one.repo or entry.id) != self.report.repository:
            self.report.fault(Code.ANOTHER_REPOSITORY, place, f"it belongs to the repository {one.repo}")
        if not entry.topic_id == found.receipt.topic == topic:
            what = f"it belongs to the topic {entry.topic_id}, this ref to the topic {topic}"
            self.report.fault(Code.ANOTHER_TOPIC, place, what)

    def _check_clock(self, one: FoundEntry, place: Place) -> None:
        entry = one.entry
        known = [self._clocks.get(before, ("", 0)) for before in one.prev]
        self._clocks[entry.id] = (entry.topic_id, entry.t)
        if any(topic != entry.topic_id for topic, _ in known):
            self.report.fault(
                Code.MISSING_ANCESTOR, place, "it stands on an entry that is not here before it"
            )
            return
        t = 1 + max((t for _, t in known), default=-1)
        if entry.t != t:
            self.report.fault(Code.CLOCK, place, f"its t is {entry.t}; what it stands on makes it {t}")

    def _check_author(self, found: Found, one: FoundEntry, place: Place) -> None:
        entry, receipt = one.entry, found.origin_of(one.entry)
        if receipt is None:
            what = f"no receipt of the hub {entry.hub} lists it"
            self.report.fault(Code.NO_ORIGIN, place, what)
        if self.authority.is_key_of_hub(entry.hub, one.key):
            if one.has_signature:
                what = "a signature where the hub answers for the entry"
                self.report.fault(Code.SLIPPED_IN, place, what)
            return
        if not one.has_signature:
            self.report.fault(Code.NOT_SIGNED, place, f"{one.key} should have signed it")
            return
        if one.unsigned_why:
            self.report.fault(Code.BAD_SIGNATURE, place, one.unsigned_why)
            return
        fault = self.authority.find_fault(entry.person, one.key, receipt or found.receipt, found.seq)
        if fault is None:
            return
        code, what = fault
        if code is Code.UNKNOWN_KEY and self._may_be_introduced_later(found):
            self.report.note(place, f"{what} yet: fetch {REPOSITORY_REF} again")
            return
        self.report.fault(code, place, what)

    def _may_be_introduced_later(self, found: Found) -> bool:
        # A clone may be taken while refs move: this one's is newer then than the one that introduces keys.
        known = self.clone.chains[REPOSITORY_REF][-1].seq
        between = sum(known < seq < found.seq for seq in self.clone.numbered)
        return between < found.seq - known - 1


def topics_of(clone: Findings) -> dict[str, dict[str, Entry]]:
    """The entries of each topic by their ids."""
    topics: dict[str, dict[str, Entry]] = {}
    for found in clone.in_order:
        for one in found.entries:
            topics.setdefault(one.entry.topic_id, {})[one.entry.id] = one.entry
    return topics
