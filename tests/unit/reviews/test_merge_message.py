"""The proposed message, and what is added to one that somebody wrote."""

import pytest

from hub.reviews.merge_message import MessageParts, add_co_authors, propose_message

URL = "https://hub.example/anna/demo/changes/7"


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (MessageParts(7, "Fix typo", "", URL), f"Fix typo (#7)\n\nLink: {URL}"),
        (
            MessageParts(7, "Fix typo", "Why.\n\nAnd how.\n", URL, "I0123", ["Mei <mei@example.org>"]),
            "Fix typo (#7)\n\nWhy.\n\nAnd how.\n\nReviewed-by: Mei <mei@example.org>\nChange-Id: I0123\n"
            f"Link: {URL}",
        ),
        (
            MessageParts(7, "Fix", "Why.\n\nSigned-off-by: Bo <b@example.org>", URL),
            f"Fix (#7)\n\nWhy.\n\nSigned-off-by: Bo <b@example.org>\nLink: {URL}",
        ),
        # Its title was taken away.
        (MessageParts(7, "", "", URL), f"Change 7\n\nLink: {URL}"),
        # jj's own header has no trailer.
        (MessageParts(7, "Fix", "", URL, "kkmpptxz"), f"Fix (#7)\n\nLink: {URL}"),
    ],
)
def test_proposed_message(parts: MessageParts, message: str) -> None:
    assert propose_message(parts) == message


@pytest.mark.parametrize(
    ("message", "people", "with_them"),
    [
        ("Fix", [], "Fix"),
        ("Fix\n", ["Bo <b@x>", "Bo <b@x>"], "Fix\n\nCo-authored-by: Bo <b@x>"),
        ("Fix\n\nA: b", ["Bo <b@x>"], "Fix\n\nA: b\nCo-authored-by: Bo <b@x>"),
        ("Fix\n\nCo-Authored-By: Bo <b@x>", ["Bo <b@x>"], "Fix\n\nCo-Authored-By: Bo <b@x>"),
    ],
)
def test_co_authors_are_named_once(message: str, people: list[str], with_them: str) -> None:
    assert add_co_authors(message, people) == with_them
