"""What the suite relies on to be quick."""

import pytest


@pytest.mark.xdist_group("together")
def test_worker_gets_all_tests_of_a_group(request: pytest.FixtureRequest) -> None:
    """pytest-xdist 3.8 finds groups in ids that pytest 9.2 lets nobody change, and says nothing."""
    sends_groups = getattr(request.config.option, "loadgroup", False)
    assert request.node.nodeid.endswith("@together") or not sends_groups
