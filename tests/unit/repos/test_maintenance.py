"""When a repository is due to be repacked."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.repos.git.packing import Clutter
from hub.repos.maintenance import is_due

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("clutter", "pushed_ago", "maintained_ago", "due"),
    [
        (Clutter(packs=1, loose_refs=0), None, None, False),
        (Clutter(packs=10, loose_refs=0), HOUR, HOUR, True),
        (Clutter(packs=1, loose_refs=300), HOUR, HOUR, True),
        (Clutter(packs=1, loose_refs=0, loose_objects=3000), None, HOUR, True),
        (Clutter(packs=9, loose_refs=299, loose_objects=2999), HOUR, 2 * HOUR, False),
        (Clutter(packs=2, loose_refs=1), HOUR, 25 * HOUR, True),
        (Clutter(packs=2, loose_refs=1), 30 * HOUR, 25 * HOUR, False),
        (Clutter(packs=2, loose_refs=1), 25 * HOUR, None, True),
        (Clutter(packs=2, loose_refs=1), HOUR, None, False),
    ],
)
def test_repository_is_due(
    clutter: Clutter, pushed_ago: timedelta | None, maintained_ago: timedelta | None, due: bool
) -> None:
    pushed_at = None if pushed_ago is None else NOW - pushed_ago
    maintained_at = None if maintained_ago is None else NOW - maintained_ago
    assert is_due(clutter, pushed_at=pushed_at, maintained_at=maintained_at, at=NOW) is due
