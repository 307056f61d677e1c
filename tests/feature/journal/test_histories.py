"""Random histories: hubs agree, whatever happened in which order, and nothing gets lost, whatever went wrong.

`make bench` plays ten times as many, and longer ones.
"""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.journal_mishaps import POINTS, crash, restore
from tests.journal_proof import Proof

_MOST_STEPS = 16

pytestmark = pytest.mark.reads


@pytest.fixture(scope="module")
def three_hubs() -> Iterator[Proof]:
    with Proof.begun() as begun:
        yield begun


@pytest.fixture(scope="module")
def one_hub() -> Iterator[Proof]:
    with Proof.begun(hubs=1) as begun:
        yield begun


@pytest.mark.parametrize("first", range(0, 100, 10))
def test_three_hubs_agree_and_a_mirror_tells_all_of_it(three_hubs: Proof, first: int) -> None:
    done: Counter[str] = Counter()
    for seed in range(first, first + 10):
        done += three_hubs.converge(seed, most=_MOST_STEPS)
    assert done["histories"] == 10
    assert done["joins"] > 0
    assert done["ties"] > 0


@pytest.mark.parametrize("first", range(0, 20, 10))
def test_nothing_is_wrong_with_what_nobody_touched(three_hubs: Proof, first: int) -> None:
    for seed in range(first, first + 10):
        three_hubs.verify_honest(seed, most=_MOST_STEPS)


@pytest.mark.parametrize("first", range(0, 30, 10))
def test_a_crash_anywhere_loses_and_doubles_nothing(one_hub: Proof, first: int) -> None:
    ended = {point for seed in range(first, first + 10) for point in crash(one_hub, seed)}
    assert ended == set(POINTS)


@pytest.mark.parametrize("first", range(0, 15, 5))
def test_what_is_restored_or_put_there_by_others_is_healed(one_hub: Proof, first: int) -> None:
    for seed in range(first, first + 5):
        restore(one_hub, seed)
