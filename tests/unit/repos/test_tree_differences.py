"""Differences between trees are those of their entries, however the bytes happen to be alike."""

import random
from itertools import pairwise

import pytest

from hub.repos.git.tree_differences import TreeDifferences

NAMES = [b"a", b"b", b"ab", b"100644 a", b"40000 b", b"\xff", b"x" * 40, b"7 7", b"a\n", b"0"]
MODES = [b"100644", b"40000", b"100755", b"040000"]
# Ids that look like entries, or like the ends and beginnings of others.
IDS = [
    bytes(20),
    b"0" * 20,
    b"100644 a\0" + b"1" * 11,
    b"\0" * 19 + b"1",
    b"40000 b\x00100644 a\x00xyz",
    b"7" * 20,
]


def tree(entries: list[bytes]) -> bytes:
    return b"".join(entries)


def test_ids_are_ids() -> None:
    assert {len(one) for one in IDS} == {20}


def random_tree(chance: random.Random) -> list[bytes]:
    names = sorted(chance.sample(NAMES, k=chance.randrange(len(NAMES))))
    return [b"%s %s\0%s" % (chance.choice(MODES), name, chance.choice(IDS)) for name in names]


def changed(entries: list[bytes], chance: random.Random) -> list[bytes]:
    """The same with other ids, names or modes here and there, in git's order still."""
    made = [one[:-20] + chance.choice(IDS) if chance.random() < 0.3 else one for one in entries]
    made = [one for one in made if chance.random() > 0.1]
    more = random_tree(chance)[:2] if chance.random() < 0.5 else []
    by_name = {one[one.index(b" ") + 1 : -21]: one for one in made + more}
    return [by_name[name] for name in sorted(by_name)]


@pytest.mark.parametrize("seed", range(20))
def test_differences_are_those_of_the_sets_of_entries(seed: int) -> None:
    chance = random.Random(seed)
    trees = [random_tree(chance)]
    for _ in range(100):
        trees.append(changed(trees[-1], chance) if chance.random() < 0.8 else random_tree(chance))
    contents = {b"%020d" % number: entries for number, entries in enumerate(trees)}
    differences = TreeDifferences(lambda tree_id: tree(contents[tree_id]))
    ids = list(contents)
    for ours, theirs in [*pairwise(ids), *(chance.sample(ids, 2) for _ in range(100))]:
        one, other = contents[ours], contents[theirs]
        found, missing = differences.between(ours, theirs)
        assert sorted(found) == sorted(set(one) - set(other))
        assert sorted(missing) == sorted(set(other) - set(one))


def test_what_is_no_tree_is_not_compared() -> None:
    differences = TreeDifferences(lambda tree_id: tree_id)
    with pytest.raises(KeyError):
        differences.between(b"x" * 20, b"y" * 20)
