"""A journal that somebody tampered with: each time, the first fault names what was done."""

from pathlib import Path

import pytest

from hub.journal.verifying.report import Code
from hub.journal.verifying.verification import Wanted, verify
from tests import journal_forgeries, journal_harm
from tests.journal_harm import Tampering
from tests.journal_story import Story

CASES = journal_harm.CASES | journal_forgeries.CASES


def test_untouched_it_is_sound(clone: Path, story: Story) -> None:
    for wanted in (Wanted(), Wanted(is_quick=True), Wanted(topic="changes/1"), Wanted("2", is_quick=True)):
        report = verify(clone, wanted).report
        assert report.faults == []
        assert (report.repository, report.keepers) == (story.a.repository, [story.a.hub_id])
    report = verify(clone).report
    assert (report.receipts, report.entries, report.signed, report.withheld) == (16, 27, 2, 1)
    assert (report.topics, report.merges, report.bodies) == (3, 1, 15)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_tampering_is_named_first(clone: Path, case: Tampering) -> None:
    case.harm(clone)
    faults = verify(clone, Wanted(expected=case.expected)).report.faults
    assert [one.code for one in faults[:1]] == [case.code], faults[:4]
    assert faults[0].meaning
    quick = verify(clone, Wanted(expected=case.expected, is_quick=True)).report.faults
    assert bool(quick) == case.is_quick


def test_there_are_many_and_of_every_code() -> None:
    assert len(CASES) >= 49
    assert set(Code) - {case.code for case in CASES.values()} == set()
