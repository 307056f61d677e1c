"""Marks in a highlighted line: its letters and colours stay, and every tag is closed where it has to be."""

import pytest

from hub.repos.browsing.files.marked_html import put_marks


@pytest.mark.parametrize(
    ("html", "ranges", "expected"),
    [
        ("abc", [], "abc"),
        ("abc", [(0, 3)], "<ins>abc</ins>"),
        ("abc", [(1, 2)], "a<ins>b</ins>c"),
        ("abcd", [(0, 1), (2, 3)], "<ins>a</ins>b<ins>c</ins>d"),
        ("abcd", [(0, 2), (2, 4)], "<ins>abcd</ins>"),
        ("a&lt;b&amp;c", [(1, 2)], "a<ins>&lt;</ins>b&amp;c"),
        ("a&lt;b&amp;c", [(3, 5)], "a&lt;b<ins>&amp;c</ins>"),
        ("a<mark>U+202E</mark>b", [(1, 2)], "a<ins><mark>U+202E</mark></ins>b"),
        ("a<mark>U+202E</mark>b", [(2, 3)], "a<mark>U+202E</mark><ins>b</ins>"),
        (
            '<span class="k">if</span> x',
            [(1, 4)],
            '<span class="k">i</span><ins><span class="k">f</span> x</ins>',
        ),
        (
            '<span class="s">"Fri"</span>',
            [(1, 4)],
            '<span class="s">"</span><ins><span class="s">Fri</span></ins><span class="s">"</span>',
        ),
    ],
)
def test_ranges_are_marked(html: str, ranges: list[tuple[int, int]], expected: str) -> None:
    assert put_marks(html, ranges, "ins") == expected
