"""Three hubs say the same in the end, whatever happened in which order; and so does what is rebuilt."""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.journal_proof import Proof

_HISTORIES = 100
_IN_ONE_TEST = 10
# Longer ones are in `make bench`.
_MOST_STEPS = 16


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proof]:
    """The hubs with which every history begins."""
    with Proof.begun() as begun:
        yield begun


@pytest.mark.reads
@pytest.mark.parametrize("first", range(0, _HISTORIES, _IN_ONE_TEST))
def test_hubs_agree_and_a_mirror_tells_all_of_it(proof: Proof, first: int) -> None:
    done: Counter[str] = Counter()
    for seed in range(first, first + _IN_ONE_TEST):
        done += proof.converge(seed, most=_MOST_STEPS)
    assert done["entries"] > 100
