"""Which words of a changed line are marked, and which lines are one line that was changed."""

import time

import pytest

from hub.repos.browsing.diffs.word_marks import changed_ranges, pair_lines


def marked(old: str, new: str) -> tuple[str, str] | None:
    """Both lines with their ranges in brackets."""
    found = changed_ranges(old, new)
    if found is None:
        return None
    gone, come = (_bracketed(*one) for one in zip((old, new), found, strict=True))
    return gone, come


def _bracketed(line: str, ranges: list[tuple[int, int]]) -> str:
    for first, end in reversed(ranges):
        line = f"{line[:first]}[{line[first:end]}]{line[end:]}"
    return line


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("return a", "return b", ("return [a]", "return [b]")),
        ("f(a)", "f(a, b)", ("f(a)", "f(a[, b])")),
        ("if x: pass", "if x: pass", ("if x: pass", "if x: pass")),
        ("a = old name here", "a = new word here", ("a = [old name] here", "a = [new word] here")),
        ('"Fri, 21 Aug 2026"', '"Mon, 21 Sep 2026"', ('"[Fri], 21 [Aug] 2026"', '"[Mon], 21 [Sep] 2026"')),
        ("    indented", "        indented", ("[    ]indented", "[        ]indented")),
        ("größe = 1", "größe = 2", ("größe = [1]", "größe = [2]")),
        ("text\r", "text", ("text[\r]", "text")),
        ("import os", "def main():", None),
        ("", "something", None),
        ("x" * 3000, "x" * 2999, None),
    ],
)
def test_words_that_differ_are_marked(old: str, new: str, expected: tuple[str, str] | None) -> None:
    assert marked(old, new) == expected


@pytest.mark.parametrize(
    ("removed", "added", "expected"),
    [
        (["a b", "c d"], ["a x", "c y"], [(0, 0), (1, 1)]),
        (["alpha beta gamma"], ["first", "alpha beta delta"], [(0, 1)]),
        (["one two three", "four five six"], ["four five seven"], [(1, 0)]),
        (["a"], ["x y z", "p q r"], []),
        ([], ["a"], []),
        (["a"], [], []),
    ],
)
def test_lines_are_paired_with_what_they_became(
    removed: list[str], added: list[str], expected: list[tuple[int, int]]
) -> None:
    assert pair_lines(removed, added) == expected


def test_hostile_lines_cost_no_more_than_others() -> None:
    """Attack: many lines of many words, all alike, for whose comparison time grows with their product."""
    started = time.process_time()
    pair_lines(["a b " * 500] * 300, ["b a " * 500] * 299)
    changed_ranges("a b " * 500, "b a " * 500)
    assert time.process_time() - started < 5
