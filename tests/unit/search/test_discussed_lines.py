"""Lines that were discussed are found in whatever text they stand, and in no other."""

from collections.abc import Sequence
from random import Random

import pytest

from hub.search.memory.lines import MOST_LINES, cut, find_again, keys_of
from hub.search.models import ToldBy

CODE = [
    b"def parse(text):",
    b"    if not text:",
    b"        return None",
    b"    return read_all(text)",
    b"",
    b"",
    b"def format(tree):",
    b"    if not tree:",
    b"        return None",
    b"    return write_all(tree)",
]


def find(old: list[bytes], first: int, last: int, new: list[bytes]) -> int | None:
    return find_again(keys_of(new), cut(old, first, last))


@pytest.mark.parametrize(
    ("first", "last", "told_by"),
    [
        (1, 1, ToldBy.LINES),
        (5, 6, ToldBy.NEIGHBOURS),
        (1, len(CODE), ToldBy.LINES),
        (0, 1, ToldBy.BLOB),
        (3, 2, ToldBy.BLOB),
        (9, len(CODE) + 1, ToldBy.BLOB),
    ],
)
def test_by_what_lines_are_told(first: int, last: int, told_by: ToldBy) -> None:
    assert cut(CODE, first, last).told_by is told_by


def test_what_is_trivial_all_around_or_too_long_is_told_by_its_file_alone() -> None:
    assert cut([b"{", b"}", b"", b"  }"], 2, 2).told_by is ToldBy.BLOB
    lines = [b"a line of its own"] * (MOST_LINES + 1)
    assert cut(lines, 1, MOST_LINES).told_by is ToldBy.LINES
    assert cut(lines, 1, MOST_LINES + 1).told_by is ToldBy.BLOB
    assert find(lines, 1, MOST_LINES + 1, lines) is None


@pytest.mark.parametrize(
    ("first", "last", "new", "found"),
    [
        pytest.param(4, 4, [b"# first", *CODE], 5, id="below what came before it"),
        pytest.param(4, 4, CODE[3:], 1, id="at the beginning"),
        pytest.param(4, 4, [one + b" \t\r" for one in CODE], 4, id="with blanks at its end"),
        pytest.param(4, 4, [one for one in CODE if b"read_all" not in one], None, id="gone"),
        pytest.param(1, 4, [*CODE[:2], b"    # why", *CODE[2:]], None, id="torn apart"),
        pytest.param(3, 3, CODE[2:], 1, id="of two the one nearest to where it was"),
        pytest.param(3, 3, [*CODE[6:], *CODE[:5]], 7, id="of two the one with its neighbours"),
        pytest.param(5, 5, CODE[:5], None, id="a blank line without its neighbour"),
        pytest.param(5, 5, [b"", b"", *CODE], 7, id="a blank line with its neighbours"),
        pytest.param(4, 4, [], None, id="nothing"),
    ],
)
def test_where_lines_stand_now(first: int, last: int, new: list[bytes], found: int | None) -> None:
    assert find(CODE, first, last, new) == found


def test_the_ends_of_a_text_are_neighbours() -> None:
    short = [b"}", b"nothing but this"]
    assert find(short, 1, 1, short) == 1
    assert find(short, 1, 1, [b"// more", *short]) is None


def test_a_text_of_one_line_again_and_again_is_looked_at_near_the_line() -> None:
    lines = [b"the same line everywhere"] * 5000
    assert find(lines, 2500, 2500, lines) == 2500
    # The last place that has a line behind it, too.
    assert find(lines, 4000, 4400, lines[:3000]) == 2599


Lines = list[tuple[int, bytes]]


@pytest.mark.parametrize("seed", range(40))
def test_after_any_edits_a_discussion_stands_where_its_lines_do_and_nowhere_else(seed: int) -> None:
    random = Random(seed)  # texts, and no secrets
    old = _some_lines(random)
    new = _edited(random, old)
    numbers, texts = [one for one, _ in new], [text for _, text in new]
    for first in range(1, len(old) + 1):
        last = min(len(old), first + random.choice([0, 0, 0, 1, 4]))
        discussed = cut([text for _, text in old], first, last)
        found = find_again(keys_of(texts), discussed)
        there = _places(texts, [text for _, text in old[first - 1 : last]])
        if discussed.told_by is ToldBy.LINES:
            assert (found in there) if there else found is None
        else:
            assert found is None or found in there
        around = _places(numbers, [one for one, _ in old[max(0, first - 2) : last + 1]])
        if len(around) == 1 and first > 1 and last < len(old) and discussed.told_by is not ToldBy.BLOB:
            assert found is not None
            assert found == around[0] + 1 or len(there) > 1


def _some_lines(random: Random) -> Lines:
    """Lines, each with its number in the beginning, by which it is known after edits."""
    words = [b"  }", b"", b"else:", b"return None", b"import all", b"one of its own"]
    count = random.randint(8, 40)
    return [
        (number, random.choice(words) + (b" %d" % number if random.random() < 0.6 else b""))
        for number in range(1, count)
    ]


def _edited(random: Random, old: Lines) -> Lines:
    new = list(old)
    for _ in range(random.randint(0, 6)):
        at = random.randrange(len(new) + 1)
        copied = [(0, text) for _, text in random.choices(old, k=random.choice([0, 1, 2]))]
        new[at : at + random.choice([0, 1, 3])] = copied
    return new


def _places(all_lines: Sequence[object], wanted: Sequence[object]) -> list[int]:
    starts = range(len(all_lines) - len(wanted) + 1)
    return [one + 1 for one in starts if all_lines[one : one + len(wanted)] == wanted]
