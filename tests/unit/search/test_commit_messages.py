"""Messages of commits, taken apart."""

import pytest

from hub.search.commits.documents import terms_of_trailer
from hub.search.commits.messages import Message, Trailer, read_message


@pytest.mark.parametrize(
    ("body", "text", "trailers"),
    [
        ("", "", []),
        ("Only words.", "Only words.", []),
        ("Words.\n\nReviewed-by: Bo <bo@x>", "Words.", [("reviewed-by", "Bo <bo@x>")]),
        ("Reviewed-By : Bo", "", [("reviewed-by", "Bo")]),
        (
            "Words.\n\nFixes: #12\nAcked-by: Mei",
            "Words.\nFixes: #12",
            [("fixes", "#12"), ("acked-by", "Mei")],
        ),
        ("Words.\n\nFixes: #12 and\n  #13", "Words.\nFixes: #12 and #13", [("fixes", "#12 and #13")]),
        # One line with a colon among many is prose.
        ("So it is:\nNote: this\nis one\nof them", "So it is:\nNote: this\nis one\nof them", []),
        ("See https://example.org", "See https://example.org", []),
        ("https://example.org", "https://example.org", []),
        ("Signed-off-by: A\n\nMore words.", "Signed-off-by: A\n\nMore words.", []),
    ],
)
def test_trailers_are_the_last_paragraph(body: str, text: str, trailers: list[tuple[str, str]]) -> None:
    assert read_message(body) == Message(text, tuple(Trailer(*one) for one in trailers))


@pytest.mark.parametrize(
    ("wanted", "terms"),
    [
        ("bo", ["\x01bo"]),
        ("Bo Lind", ["\x01bo", "\x01lind"]),
        ("reviewed-by=Bo", ["\x01reviewed-by=bo"]),
        ("Fixes=", ["\x01fixes="]),
        ("#", []),
    ],
)
def test_a_trailer_is_asked_for_by_its_words(wanted: str, terms: list[str]) -> None:
    assert terms_of_trailer(wanted) == terms
