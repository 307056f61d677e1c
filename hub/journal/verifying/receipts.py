"""Goes through a journal in the order of its receipts: who signed each, and what each one took in."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from hub import signing
from hub.journal.format.entries import Entry
from hub.journal.format.records import parse_commit
from hub.journal.ring import HubRole
from hub.journal.verifying.authority import Authority
from hub.journal.verifying.entries import EntryChecks
from hub.journal.verifying.findings import Findings, Found, FoundReceipt
from hub.journal.verifying.reading import Reading, why_unsigned
from hub.journal.verifying.report import Code, Report


@dataclass(slots=True)
class Walk:
    """One way through a journal. `_left` are former keepers by the last receipt that they made."""

    reading: Reading
    clone: Findings
    report: Report
    authority: Authority
    _keeper: str = ""
    _left: dict[str, int] = field(default_factory=dict)

    def run(self) -> bool:
        """Checks every receipt; says whether the opening counts, without which nothing else can be judged."""
        checks = EntryChecks(self.clone, self.report, self.authority)
        for found in self.clone.in_order:
            taken: set[str] = set()
            if not self._open(found, taken):
                return False
            self._take_in(found, taken, self._appointments(found))
            self._check_origins(found, taken)
            self._check_receipt(found)
            self._check_keeper(found)
            self._take_in(found, taken, (one.entry for one in found.entries))
            self._check_list(found)
            checks.check(found)
        self.report.keepers = [*self._left, self._keeper]
        return True

    def _open(self, found: Found, taken: set[str]) -> bool:
        if self.authority.ring.hubs:
            return True
        opening = next((one.entry for one in found.entries if one.entry.id == self.report.repository), None)
        if opening is None:
            what = "the repository's own topic does not begin with its opening"
            self.report.fault(Code.MISSING_RECEIPT, found.place, what)
            return False
        self._take_in(found, taken, [opening])
        return bool(self.authority.ring.hubs)

    def _appointments(self, found: Found) -> list[Entry]:
        # Nobody else introduces the key of a hub that appoints itself.
        hub = found.receipt.hub
        if hub in self.authority.ring.homes:
            return []
        entries = (one.entry for one in found.entries)
        return [one for one in entries if one.kind == "hub" and one.hub == one.d.get("hub") == hub]

    def _take_in(self, found: Found, taken: set[str], entries: Iterable[Entry]) -> None:
        for entry in entries:
            if entry.topic_id != self.report.repository or entry.id in taken:
                continue
            taken.add(entry.id)
            receipt = found.origin_of(entry) or found.receipt
            why = self.authority.take_in(entry, own=receipt.seq, seq=found.seq)
            if why is not None:
                self.report.fault(Code.NO_RIGHT, found.place_of(entry), why)

    def _check_origins(self, found: Found, taken: set[str]) -> None:
        # Entries that came from other hubs stand on their receipts, and may introduce each other's keys.
        waiting = list(found.origins)
        while waiting:
            good = [one for one in waiting if self._fault_of(one, found.seq) is None]
            for origin in good:
                came = (one.entry for one in found.entries if one.entry.id in origin.entries)
                self._take_in(found, taken, (one for one in came if one.hub == origin.hub))
            waiting = [one for one in waiting if one not in good]
            if not good:
                break
        for origin in waiting:
            fault = self._fault_of(origin, found.seq)
            if fault is not None:
                self.report.fault(fault[0], found.place, f"the receipt of the hub {origin.hub}: {fault[1]}")
        for origin in found.origins:
            self._check_origin(found, origin)

    def _check_origin(self, found: Found, origin: FoundReceipt) -> None:
        if origin.repo != found.receipt.repo:
            what = f"the receipt of the hub {origin.hub} is one of the repository {origin.repo}"
            self.report.fault(Code.ANOTHER_REPOSITORY, found.place, what)
        is_for = (
            one for one in found.entries if one.entry.hub == origin.hub and one.entry.id in origin.entries
        )
        if origin.hub == found.receipt.hub or next(is_for, None) is None:
            what = f"a receipt of the hub {origin.hub} that no entry here came with"
            self.report.fault(Code.SLIPPED_IN, found.place, what)

    def _fault_of(self, receipt: FoundReceipt, seq: int) -> tuple[Code, str] | None:
        if receipt.unsigned_why:
            return Code.BAD_SIGNATURE, receipt.unsigned_why
        return self.authority.find_fault(receipt.hub, receipt.key, receipt, seq)

    def _check_receipt(self, found: Found) -> None:
        receipt = found.receipt
        is_bound = found.seq + 1 in self.clone.numbered
        if self.reading.is_quick and not is_bound:
            # The hashes of the others lead here.
            record = parse_commit(found.commit_id, self.reading.objects.read_commit(found.commit_id))
            receipt = receipt._replace(unsigned_why=why_unsigned(record.receipt, signing.RECEIPT))
        fault = self._fault_of(receipt, found.seq)
        if fault is not None:
            self.report.fault(fault[0], found.place, fault[1])

    def _check_keeper(self, found: Found) -> None:
        hub, authority = found.receipt.hub, self.authority
        if hub == self._keeper:
            return
        if not self._keeper and authority.ring.hubs.get(hub) is HubRole.PEER:
            # What that hub took over from the home, and says itself; the home's receipts came along.
            self._keeper = hub
            self.report.note(
                found.place, f"this is the copy of the hub {hub}, which is no home of the repository"
            )
            return
        is_named = authority.successors.get(hub, 0) > self._left.get(hub, 0)
        if hub not in authority.ring.homes or not is_named:
            what = f"the hub {hub} writes into the journal that the hub {self._keeper} keeps"
            self.report.fault(Code.NO_RIGHT, found.place, what)
            return
        if self._keeper:
            self._left[self._keeper] = found.seq - 1
        self._keeper = hub

    def _check_list(self, found: Found) -> None:
        listed, here = found.receipt.entries, tuple(one.entry.id for one in found.entries)
        if listed == here:
            return
        lost, new = set(listed) - set(here), set(here) - set(listed)
        what = (
            f"the receipt lists {len(listed)} entries: {len(lost)} of them are not here, "
            f"and {len(new)} that are here are not among them"
        )
        self.report.fault(_code_of(bool(lost), bool(new), len(listed) < len(here)), found.place, what)


def _code_of(has_lost: bool, has_new: bool, is_longer: bool) -> Code:
    if has_lost:
        return Code.EDITED_ENTRY if has_new else Code.DROPPED_ENTRY
    return Code.SLIPPED_IN if has_new or is_longer else Code.REORDERED
