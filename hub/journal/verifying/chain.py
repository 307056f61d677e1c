"""The chain of receipts: none dropped, none twice, none elsewhere, and each on the one before. Pure."""

from typing import Final

from hub.journal.format.ref_names import AT
from hub.journal.verifying.findings import Findings, Found
from hub.journal.verifying.report import Code, Head, Place, Report

# Gaps that are named one by one.
_MOST_GAPS: Final = 5
_LONGEST_EXPORT_SECONDS: Final = 600


def check_chain(clone: Findings, report: Report, *, is_partial: bool) -> None:
    """Puts the records in the order of their receipts and reports what is wrong with it."""
    _number(clone, report)
    for ref, chain in clone.chains.items():
        numbers = [one.seq for one in chain]
        if numbers != sorted(numbers):
            report.fault(Code.REORDERED, Place(ref), f"its receipts stand in the order {_some(numbers)}")
    if not is_partial:
        _check_head(clone, report)
        _check_gaps(clone, report)
        _check_beyond(clone, report)
    before: Found | None = None
    for one in clone.in_order:
        follows = before is not None and before.seq == one.seq - 1
        if before is not None and follows and one.receipt.prev != before.receipt.id:
            report.fault(Code.BROKEN_CHAIN, one.place, "the receipt does not stand on the one before it")
        if one.seq == 1 and one.receipt.prev:
            report.fault(Code.BROKEN_CHAIN, one.place, "the first receipt stands on another one")
        before = one
    report.receipts = len(clone.numbered)
    report.head = Head() if before is None else Head(before.seq, before.receipt.id, before.receipt.at)


def _number(clone: Findings, report: Report) -> None:
    numbered: dict[int, Found] = {}
    for chain in clone.chains.values():
        for one in chain:
            if one.receipt.repo != report.repository:
                report.fault(
                    Code.ANOTHER_REPOSITORY, one.place, f"it belongs to the repository {one.receipt.repo}"
                )
                continue
            twin = numbered.setdefault(one.seq, one)
            if twin is not one:
                _report_twin(report, twin, one)
    clone.numbered = dict(sorted(numbered.items()))


def _report_twin(report: Report, twin: Found, one: Found) -> None:
    where = f"in {twin.ref} as well" if twin.ref != one.ref else "twice in this ref"
    if twin.receipt.id == one.receipt.id:
        report.fault(Code.REPLAYED_RECEIPT, one.place, f"the receipt stands {where}")
    else:
        report.fault(Code.TWO_BRANCHES, one.place, f"another receipt with this number stands {where}")


def _check_head(clone: Findings, report: Report) -> None:
    head = clone.head
    if head is None:
        if not any(one.code is Code.NOT_CANONICAL for one in report.faults):
            report.fault(Code.NO_HEAD, Place(AT), "the ref of the newest receipt is not here")
        return
    twin = clone.numbered.get(head.seq)
    if twin is None or twin.receipt.id != head.receipt.id:
        what = "the newest receipt stands in no topic's ref: the newest ones were cut off"
        report.fault(Code.TRUNCATED, head.place, what)


def _check_gaps(clone: Findings, report: Report) -> None:
    # Receipts after the head may be half there: refs move one by one, and a clone may be taken meanwhile.
    # Without a head nobody can say what has to be there.
    if clone.head is None:
        return
    last, before, found = clone.head.seq, 0, 0
    for seq, one in clone.numbered.items():
        if before + 1 >= last:
            return
        if seq > before + 1 and found < _MOST_GAPS:
            found += 1
            missing = str(before + 1) if seq == before + 2 else f"{before + 1} to {seq - 1}"
            place = Place(one.ref, one.commit_id, before + 1)
            report.fault(Code.MISSING_RECEIPT, place, f"missing: {missing}; receipt {seq} stands on it")
        before = seq
    if before + 1 < last:
        place = Place(AT, clone.head.commit_id, before + 1)
        report.fault(Code.MISSING_RECEIPT, place, f"missing: {before + 1} to {last - 1}")


def _check_beyond(clone: Findings, report: Report) -> None:
    head = clone.head.seq if clone.head is not None else None
    beyond = [one for seq, one in clone.numbered.items() if head is not None and seq > head]
    if head is None or not beyond or beyond[-1].seq == head + len(beyond):
        return
    # Refs move while somebody clones; the receipts of that export were made in one go. Whoever puts the head
    # back to cut something out leaves those of a longer time.
    moments = [one.receipt.at for one in beyond]
    what = f"of the receipts after {head}, which is the head, some are missing up to {beyond[-1].seq}"
    if max(moments) - min(moments) > _LONGEST_EXPORT_SECONDS:
        report.fault(Code.MISSING_RECEIPT, beyond[0].place, what)
    else:
        report.note(beyond[0].place, f"{what}: the hub was writing them, fetch again")


def _some(numbers: list[int]) -> str:
    shown = ", ".join(str(one) for one in numbers[:12])
    return shown if len(numbers) <= 12 else f"{shown} ..."
