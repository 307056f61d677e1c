"""What a change needs, as a table: how far it is, and what is said about it."""

import pytest

from hub.issues.models import TopicState
from hub.repos.git.merge_records import Clean, Conflicts, Stopped, StopReason
from hub.reviews.models import VerdictValue
from hub.reviews.requirements import Needs, RequirementName, Standing, Vote, list_requirements

CLEAN = Clean("1" * 40)
APPROVE, AGAINST = VerdictValue.APPROVE, VerdictValue.REQUEST_CHANGES
ONE = Needs(approvals=1)


def told(name: RequirementName, standing: Standing) -> tuple[bool, str] | None:
    found = {one.name: (one.is_met, str(one.reason)) for one in list_requirements(standing)}
    return found.get(name)


def standing_with(**values: object) -> Standing:
    return Standing(**{"target": "main", "mergeable": CLEAN, **values})


@pytest.mark.parametrize(
    ("values", "is_met", "reason"),
    [
        ({}, True, "None is needed."),
        ({"votes": [Vote("mei", APPROVE, "1")]}, True, "None is needed; given by mei."),
        ({"needs": ONE}, False, "It has 0 of 1 approvals."),
        ({"needs": ONE, "votes": [Vote("mei", APPROVE, "1")]}, True, "It has 1 of 1 approvals: mei."),
        (
            {"needs": ONE, "votes": [Vote("bo", APPROVE, "1", counts=False)]},
            False,
            "It has 0 of 1 approvals.",
        ),
        (
            {"needs": ONE, "votes": [Vote("mei", APPROVE, "1", is_current=False)]},
            False,
            "It has 0 of 1 approvals. It changed since it was approved by mei (1).",
        ),
        (
            {
                "needs": Needs(approvals=2),
                "votes": [Vote("bo", APPROVE, "2"), Vote("mei", APPROVE, "1", is_current=False)],
            },
            False,
            "It has 1 of 2 approvals: bo. It changed since it was approved by mei (1).",
        ),
        ({"needs": ONE, "votes": [Vote("mei", AGAINST, "1")]}, False, "It has 0 of 1 approvals."),
        (
            {"needs": ONE, "others_may_approve": False, "author_may_merge": True},
            True,
            "Nobody but its author may approve here, so that they merge their own.",
        ),
        ({"needs": ONE, "others_may_approve": False}, False, "It has 0 of 1 approvals."),
    ],
)
def test_approvals(values: dict[str, object], is_met: bool, reason: str) -> None:
    assert told(RequirementName.APPROVALS, standing_with(**values)) == (is_met, reason)


@pytest.mark.parametrize(
    ("votes", "is_met"),
    [
        ([], True),
        ([Vote("mei", APPROVE, "1")], True),
        ([Vote("mei", AGAINST, "2")], False),
        ([Vote("mei", AGAINST, "1", is_current=False)], False),
        ([Vote("bo", AGAINST, "1", counts=False)], True),
    ],
)
def test_whoever_asks_for_changes_stops_it_until_they_say_otherwise(votes: list[Vote], is_met: bool) -> None:
    found = told(RequirementName.OBJECTIONS, standing_with(votes=votes))
    assert found is not None
    assert found[0] is is_met


@pytest.mark.parametrize(
    ("count", "is_needed", "told_of"),
    [
        (0, False, None),
        (0, True, (True, "None is open.")),
        (2, False, (True, "Threads that are still open: 2. They may stay so.")),
        (2, True, (False, "Threads that are still open: 2.")),
    ],
)
def test_threads(count: int, is_needed: bool, told_of: tuple[bool, str] | None) -> None:
    standing = standing_with(open_threads=count, needs=Needs(resolved_threads=is_needed))
    assert told(RequirementName.THREADS, standing) == told_of


@pytest.mark.parametrize(
    ("mergeable", "told_of"),
    [
        (None, (False, "This is being found out. Look again in a moment.")),
        (CLEAN, (True, "It merges into main without conflicts.")),
        (Clean("1" * 40, is_fast_forward=True), (True, "main has nothing that the change lacks.")),
        (
            Stopped(StopReason.CONFLICTS, Conflicts((b"a", b"b\xff"), ())),
            (False, "It conflicts with main in a, b\ufffd. Rebase the change and push it again."),
        ),
        (Stopped(StopReason.NOTHING_TO_MERGE), (False, "main has all of it already.")),
    ],
)
def test_whether_it_merges(mergeable: Clean | Stopped | None, told_of: tuple[bool, str]) -> None:
    assert told(RequirementName.MERGEABLE, standing_with(mergeable=mergeable)) == told_of


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (TopicState.MERGED, "It was merged already."),
        (TopicState.CLOSED, "It is closed. Reopen it first."),
    ],
)
def test_only_what_is_open_is_merged(state: TopicState, reason: str) -> None:
    assert told(RequirementName.OPEN, standing_with(state=state)) == (False, reason)
    assert told(RequirementName.OPEN, standing_with()) is None


def test_a_draft_is_not_merged() -> None:
    assert told(RequirementName.READY, standing_with(is_draft=True)) == (
        False,
        "It is a draft. Mark it as ready first.",
    )
