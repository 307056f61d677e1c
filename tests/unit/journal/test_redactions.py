"""Which texts the entries of a topic take away: whose redaction counts for what."""

from typing import Any

import pytest

from hub.journal.format.entries import Entry
from hub.journal.redactions import list_taken

HOME, THEIRS, OTHERS = "a" * 64, "b" * 64, "c" * 64


def said(t: int, hub: str, digest: str) -> Entry:
    """An entry of a kind that nobody here knows, with one text."""
    return Entry(f"{t}", "x.said", "1" * 16, hub, t, 0, "topic", {}, ("words",), (digest,))


def redact(t: int, hub: str, named: Any, *, v: int = 1) -> Entry:  # Any: also what is malformed
    return Entry(f"{t}", "redact", "2" * 16, hub, t, 0, "topic", {"bodies": named}, (), (), v)


OURS_SAID, THEIRS_SAID = said(1, HOME, "ours"), said(2, THEIRS, "theirs")


@pytest.mark.parametrize(
    ("entries", "taken"),
    [
        ([redact(3, HOME, ["ours", "theirs"])], {"ours", "theirs"}),
        ([redact(3, THEIRS, ["ours", "theirs"])], {"theirs"}),
        ([redact(3, OTHERS, ["ours", "theirs"])], set()),
        ([redact(3, THEIRS, ["unknown"])], set()),
        ([redact(3, HOME, ["unknown"])], {"unknown"}),
        # What somebody else copies later stays the text of whoever said it first.
        ([said(3, OTHERS, "theirs"), redact(4, OTHERS, ["theirs"])], set()),
        # Before it is said, nobody but the home takes it away.
        ([redact(3, OTHERS, ["later"]), said(4, OTHERS, "later")], set()),
        ([redact(3, HOME, ["ours"], v=2)], set()),
        ([redact(3, HOME, "ours")], set()),
        ([redact(3, HOME, [1]), redact(4, HOME, ["ours"])], {"ours"}),
    ],
)
def test_texts_are_taken_away_by_a_home_or_by_the_hub_of_whoever_said_them(
    entries: list[Entry], taken: set[str]
) -> None:
    assert list_taken([*entries, OURS_SAID, THEIRS_SAID], frozenset({HOME})) == taken
