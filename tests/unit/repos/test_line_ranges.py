"""Which lines a page shows and marks."""

import pytest

from hub.repos.browsing.files.line_ranges import LineRange, read_range, window_of


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        ("19", (19, 19)),
        ("19-25", (19, 25)),
        ("25-19", (19, 25)),
        ("L19-L25", (19, 25)),
        ("L19-25", (19, 25)),
        ("0", None),
        ("0-5", None),
        ("-5", None),
        ("5-", None),
        ("1,5", None),
        ("٣", (3, 3)),
        ("9999999999", None),
        ("", None),
        (None, None),
    ],
)
def test_range_is_read_as_people_write_it(written: str | None, lines: tuple[int, int] | None) -> None:
    assert read_range(written) == (lines and LineRange(*lines))


@pytest.mark.parametrize(
    ("total", "asked", "shown", "marked", "previous", "following"),
    [
        (0, None, "1-1", None, None, None),
        (10, None, "1-10", None, None, None),
        (100, None, "1-100", None, None, None),
        (101, None, "1-100", None, None, "101-101"),
        (250, "101-200", "101-200", None, "1-100", "201-250"),
        (250, "201-250", "201-250", None, "101-200", None),
        (250, "3-5", "1-100", "3-5", None, "101-200"),
        (250, "100-101", "1-200", "100-101", None, "201-250"),
        (250, "250-400", "201-250", "250-250", "101-200", None),
        (250, "5-250", "1-200", "5-200", None, "201-250"),
        (250, "251-260", "1-100", None, None, "101-200"),
        (250, "1-250", "1-200", "1-200", None, "201-250"),
    ],
)
def test_page_shows_the_chunk_and_marks_the_range(
    total: int, asked: str | None, shown: str, marked: str | None, previous: str | None, following: str | None
) -> None:
    window = window_of(total, read_range(asked), chunk_lines=100)
    found = (window.shown, window.marked, window.previous, window.following)
    assert found == tuple(map(read_range, (shown, marked, previous, following)))
    assert window.is_whole == (previous is None and following is None)
