"""Texts that are not there: each has to be withheld by an entry that may do so. Pure."""

from collections.abc import Mapping

from hub.journal.format.entries import Entry
from hub.journal.redactions import list_taken
from hub.journal.verifying.findings import Findings
from hub.journal.verifying.report import Code, Report


def check_texts(
    clone: Findings, topics: Mapping[str, Mapping[str, Entry]], homes: frozenset[str], report: Report
) -> None:
    """Reports texts that are gone without such an entry; notes those that are there in spite of one."""
    if not clone.in_order:
        return
    keeper = clone.in_order[-1].receipt.hub
    withheld = {topic: list_taken(entries.values(), homes | {keeper}) for topic, entries in topics.items()}
    for found in clone.in_order:
        for one in found.entries:
            gone, place = withheld[one.entry.topic_id], found.place_of(one.entry)
            for digest in one.entry.digests:
                is_absent = digest in one.absent
                if is_absent and digest not in gone:
                    report.fault(Code.MISSING_BODY, place, "a text is gone, and no entry withholds it")
                elif is_absent:
                    report.withheld += 1
                elif digest in gone:
                    report.note(place, "a text that was withheld since is still here: fetch again")
