"""What an earlier look at a clone saw, in a file beside its refs: what is older than that was put back."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hub.journal.format.codec import is_id
from hub.journal.format.entries import Entry
from hub.journal.verifying.findings import Findings
from hub.journal.verifying.report import Code, Head, Place, Report

_FILE: Final = "hub-verified.json"
_MOST_BYTES: Final = 1 << 20
WITNESS: Final = "witness"


@dataclass(frozen=True, slots=True)
class Memory:
    """The repository that was trusted first, the newest receipt that was seen, hubs that were accepted."""

    repository: str = ""
    head: Head = Head()
    accepted: frozenset[str] = frozenset()


def read_memory(directory: Path) -> Memory:
    """What was remembered in the clone's directory; nothing where there is nothing, or nothing readable."""
    try:
        with (directory / _FILE).open("rb") as file:
            value: Any = json.loads(file.read(_MOST_BYTES))  # whatever stands in the file
        accepted = frozenset(str(one) for one in value["accepted"])
        return Memory(str(value["repository"]), Head(int(value["seq"]), str(value["receipt"])), accepted)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return Memory()


def remember(directory: Path, memory: Memory) -> bool:
    """Writes it down, all at once; says whether it could."""
    value = {
        "repository": memory.repository,
        "seq": memory.head.seq,
        "receipt": memory.head.receipt_id,
        "accepted": sorted(memory.accepted),
    }
    made = directory / f"{_FILE}.{os.getpid()}"
    try:
        made.write_text(json.dumps(value, indent=1) + "\n")
        made.replace(directory / _FILE)
    except OSError:
        return False
    return True


def check_seen(clone: Findings, seen: Head, report: Report, place: Place, who: str) -> None:
    """Reports a receipt that was seen before, and that the clone lacks or contradicts."""
    found = clone.numbered.get(seen.seq)
    is_behind = found is None and not report.is_partial and seen.seq > report.head.seq
    if is_behind:
        report.fault(Code.ROLLED_BACK, place, f"{who} saw receipt {seen.seq}; this clone ends before it")
    elif found is not None and found.receipt.id != seen.receipt_id:
        report.fault(Code.ROLLED_BACK, found.place, f"{who} saw another receipt with this number")


def check_witnesses(clone: Findings, repository: dict[str, Entry], report: Report) -> None:
    """Reports receipts that other hubs saw, and that the clone lacks or contradicts."""
    keepers = set(report.keepers)
    for one in repository.values():
        seq, receipt_id, hub = (one.d.get(name) for name in ("seq", "receipt", "hub"))
        if one.kind != WITNESS or type(seq) is not int or hub not in keepers:
            continue
        if isinstance(receipt_id, str) and is_id(receipt_id):
            place = Place("refs/hub/repo", kind=one.kind, entry_id=one.id)
            check_seen(clone, Head(seq, receipt_id), report, place, f"the hub {one.hub}")
