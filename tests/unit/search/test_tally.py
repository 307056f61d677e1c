"""Counting what matches: all where it is little, otherwise a share that stands for all."""

from collections.abc import Iterator

import numpy as np
import pytest

from hub.search.engine.candidates import Budget, Wanted
from hub.search.engine.documents import Document
from hub.search.engine.index import CodeIndex
from hub.search.engine.patterns import literal, regex
from hub.search.engine.tally import Tally, tally

COUNT = 400


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeIndex]:
    """Every other text holds an apple, every fourth a pear as well."""
    made = CodeIndex(tmp_path_factory.mktemp("tally") / "code")
    texts = [b"apple " * (at % 2) + b"pear" * (at % 4 == 1) + b"\n" for at in range(COUNT)]
    for begin in (0, 250):
        with made.writing(expected=250) as writer:
            part = texts[begin : begin + (250 if begin == 0 else 150)]
            writer.add(Document(begin + at, b"%d" % (begin + at), text) for at, text in enumerate(part))
    yield made
    made.close()


def _numbers(found: Tally) -> list[int]:
    return sorted(int(segment.numbers[document]) for segment, document in found.documents)


def test_few_are_counted_exactly(index: CodeIndex) -> None:
    either = [Wanted((literal("pear"),)), Wanted((literal("apple"),))]
    found = tally(index.segments(), either, None, budget=Budget(), most=COUNT)
    assert _numbers(found) == list(range(1, COUNT, 2))
    assert (found.is_exact, found.estimate(200)) == (True, 200)
    assert tally(index.segments(), [Wanted((literal("nowhere"),))], None, budget=Budget()) == Tally()


def test_many_are_estimated_from_a_share_that_stays_the_same(index: CodeIndex) -> None:
    wanted = [Wanted((regex("p"),))]
    found = tally(index.segments(), wanted, None, budget=Budget(), most=100)
    assert not found.is_exact
    assert found.estimate(len(found.documents)) == pytest.approx(200, abs=40)
    again = tally(index.segments(), wanted, None, budget=Budget(), most=100)
    assert _numbers(again) == _numbers(found)


def test_what_the_budget_does_not_suffice_for_is_not_what_does_not_match(index: CodeIndex) -> None:
    found = tally(
        index.segments(), [Wanted((regex("p"),))], None, budget=Budget(most_bytes=2_500), most=COUNT
    )
    assert not found.is_exact
    assert found.estimate(len(found.documents)) == pytest.approx(200, abs=60)


def test_what_may_not_be_seen_is_not_counted(index: CodeIndex) -> None:
    found = tally(
        index.segments(),
        [Wanted((literal("apple"),))],
        lambda one: np.asarray(one.numbers < 100),
        budget=Budget(),
    )
    assert _numbers(found) == list(range(1, 100, 2))
