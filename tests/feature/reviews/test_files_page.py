"""The page of a change's files: its diff, comments on any line, and drafts that only their author sees."""

import pytest
from flask import Flask

from tests.feature.repos.pushing import Pusher
from tests.feature.reviews.changed_files import PAGE, Reader, line_before, open_change
from tests.visitor import Visitor, words_of


@pytest.fixture
def reader(app: Flask, bob: Pusher) -> Reader:
    """anna, who reads the change that bob proposed."""
    open_change(bob)
    return Reader.named(app, "anna")


def test_a_stranger_reads_all_files_and_is_offered_no_form(app: Flask, reader: Reader) -> None:
    page = Visitor(app).get(PAGE).text
    words = words_of(page)
    for part in (
        "code.txt",
        "new.txt",
        "gone.txt",
        "new name.txt",
        "Renamed",
        "Spell it",
        "In words.",
        "5 files",
    ):
        assert part in words
    assert "drafts" not in page
    assert "Comment</a>" not in page


# Where comments are made: place, first and last line, and the text of the line below which they stand.
PLACES = [
    ("1:new:code.txt", 50, 50, "line fifty"),
    ("1:old:code.txt", 50, 50, "line 50"),
    ("1:old:code.txt", 60, 60, "line 60"),
    ("1:new:code.txt", 10, 12, "line 12"),
    ("1:old:code.txt", 99, 99, "line 99"),
    ("1:new:code.txt", 1, 1, "line 1"),
    ("1:new:new name.txt", 7, 7, "line 7"),
    ("1:old:old name.txt", 80, 80, "line 80"),
    ("1:old:gone.txt", 1, 1, "gone"),
    ("1:new:crlf", 2, 2, "c"),
    ("1:new:code.txt", "", "", ""),
]


@pytest.mark.parametrize("query", ["", "?view=split&w=1"])
def test_drafts_stand_below_their_lines(reader: Reader, query: str) -> None:
    for number, (place, first, last, _) in enumerate(PLACES, 1):
        assert reader.draft(f"remark {number}.", place, first, last).status_code == 303
    page = reader.read(query)
    assert page.count("Draft, only you see this") == len(PLACES)
    found = [
        line_before(page, f"remark {number}.", is_old=":old:" in place)
        for number, (place, *_) in enumerate(PLACES, 1)
    ]
    assert found == [expected for *_, expected in PLACES]
