"""What each kind of entry does to a change, and which do not count."""

from collections.abc import Mapping
from typing import Any

import pytest

from hub.journal.format.entries import Entry
from hub.journal.kinds import Kinds
from hub.journal.replay import MALFORMED, NOT_UNDERSTOOD, apply
from hub.reviews.kinds import KINDS, anchor_data
from hub.reviews.state import AnchorState, ChangeState

HOME, AWAY = "a" * 64, "b" * 64
CHANGE = Kinds(ChangeState, KINDS, load=None, save=None)  # type: ignore[arg-type]


class Story:
    """Entries of one topic, one after the other."""

    def __init__(self) -> None:
        self.state = ChangeState()
        self.count = 0

    def tell(
        self,
        kind: str,
        d: Mapping[str, Any],
        *bodies: str | None,
        by: str = "anna",
        hub: str = HOME,
        v: int = 1,
    ):
        self.count += 1
        entry = Entry(
            id=f"e{self.count}", kind=kind, by=by, hub=hub, t=self.count, at=1000 + self.count,
            topic="" if kind == "open" else "e1", d=d, bodies=bodies, v=v,
        )  # fmt: skip
        return apply(CHANGE, self.state, entry, frozenset({HOME}))


@pytest.fixture
def story() -> Story:
    told = Story()
    told.tell("open", {"type": "change", "number": 1, "target": "main", "draft": False}, "Title\n\nWords")
    told.tell("patchset", {"n": 1, "commit": "c1", "base": "b1"})
    return told


def test_an_opening_says_all_of_the_beginning(story: Story) -> None:
    topic = story.state.topic
    assert (topic.id, topic.number, topic.title, topic.description) == ("e1", 1, "Title", "Words")
    assert (topic.state, topic.author, topic.opened_at) == ("open", f"anna@{HOME}", 1001)
    assert (story.state.target, topic.updated_at) == ("main", 1002)
    assert (
        story.tell("open", {"type": "change", "number": 2, "target": "x", "draft": False}, "T")
        == "second opening"
    )


def test_patch_sets_of_another_hub_bear_its_sign_and_come_from_the_author_alone(story: Story) -> None:
    d = {"n": 2, "commit": "c2", "base": "b1"}
    assert story.tell("patchset", d, by="bob", hub=AWAY) == "only the author or the home hub adds patch sets"
    assert story.tell("patchset", d) is None
    assert story.tell("patchset", d) == "this hub has used that number"
    assert [one.label for one in story.state.patch_sets.values()] == ["1", "2"]


def test_the_home_numbers_what_was_opened_elsewhere_once() -> None:
    told = Story()
    told.tell("open", {"type": "change", "number": 7, "target": "main", "draft": False}, "T", hub=AWAY)
    assert told.state.topic.number == 0
    assert told.tell("number", {"number": 8}, hub=AWAY) == "only the home hub numbers"
    assert told.tell("number", {"number": "8"}) == MALFORMED
    assert told.tell("number", {"number": 8}) is None
    assert told.tell("number", {"number": 9}) == "numbered before"
    assert told.state.topic.number == 8


def test_edits_keep_what_was_said_before(story: Story) -> None:
    assert story.tell("edit", {"body": 0, "target": "next", "draft": True}, "Other") is None
    assert (story.state.topic.title, story.state.topic.description) == ("Other", "")
    assert (story.state.target, story.state.topic.is_draft) == ("next", True)
    (before,) = story.state.topic.edits
    assert (before.title, before.description, before.editor) == ("Title", "Words", f"anna@{HOME}")


def test_what_was_merged_stays_merged(story: Story) -> None:
    d = {"commit": "m", "strategy": "merge", "ps": "e2"}
    assert story.tell("merge", d, by="bob", hub=AWAY) == "only the home hub says merged"
    assert story.tell("merge", d) is None
    assert story.tell("state", {"state": "closed"}) == "already merged"
    assert story.tell("merge", d) == "already merged"
    assert story.tell("patchset", {"n": 2, "commit": "c2", "base": "b1"}) == "already merged"
    assert (story.state.topic.state, story.state.merged_commit_id) == ("merged", "m")


def test_closing_and_reopening(story: Story) -> None:
    assert story.tell("state", {"state": "closed"}, by="bob") is None
    assert (story.state.topic.state, story.state.topic.ended_by) == ("closed", f"bob@{HOME}")
    assert story.tell("state", {"state": "open"}) is None
    assert (story.state.topic.ended_by, story.state.topic.ended_at) == ("", 0)
    assert story.tell("state", {"state": "merged"}) == MALFORMED


def test_a_review_places_its_comments_and_the_last_verdict_counts(story: Story) -> None:
    at = {"ps": "e2", "side": "new", "path": "a.py", "lines": [3, 5]}
    comments = [{"body": 1, "at": at}, {"body": 2}]
    d = {"ps": "e2", "verdict": "request_changes", "body": 0, "comments": comments}
    assert story.tell("review", d, "Sum", "Here", "There", by="bob") is None
    state = story.state
    assert state.anchors == {"e3.0": AnchorState("e2", "new", "a.py", (3, 5))}
    assert [one.text for one in state.topic.comments.values()] == ["Here", "There"]
    assert story.tell("review", {"ps": "e2", "verdict": "approve"}, by="bob") is None
    assert story.tell("review", {"ps": "e2", "verdict": "comment"}, by="bob") is None
    assert [(one.value, one.review) for one in state.verdicts.values()] == [("approve", "e4")]
    assert story.tell("review", {"ps": "no", "verdict": "approve"}) == "unknown patch set"


def test_an_answer_joins_its_thread_and_may_settle_it(story: Story) -> None:
    story.tell("comment", {"comments": [{"body": 0}]}, "Why?", by="bob")
    assert story.tell("comment", {"comments": [{"body": 0, "re": "e3.0", "resolved": True}]}, "So.") is None
    threads = story.state.topic.threads
    assert list(threads) == ["e3.0"]
    assert (threads["e3.0"].is_resolved, threads["e3.0"].resolved_by) == (True, f"anna@{HOME}")
    assert (
        story.tell("resolve", {"thread": "e3.0", "resolved": False}, by="zoe", hub=AWAY)
        == "not in this thread"
    )
    assert story.tell("resolve", {"thread": "e3.0", "resolved": False}, by="bob") is None
    assert not story.state.topic.threads["e3.0"].is_resolved


def test_comments_are_edited_by_their_author_and_deleted_for_good(story: Story) -> None:
    story.tell("comment", {"comments": [{"body": 0}]}, "Teh", by="bob")
    no = "no such comment, or not one's own"
    assert story.tell("comment_edit", {"comment": "e3.0"}, "The", by="anna") == no
    assert story.tell("comment_edit", {"comment": "e3.0"}, "The", by="bob") is None
    comment = story.state.topic.comments["e3.0"]
    assert (comment.text, [one.text for one in comment.edits]) == ("The", ["Teh"])
    assert story.tell("comment_delete", {"comment": "e3.0"}, by="zoe", hub=AWAY) == no
    assert story.tell("comment_delete", {"comment": "e3.0"}) is None
    assert story.tell("comment_edit", {"comment": "e3.0"}, "Again", by="bob") == "deleted"
    assert (comment.text, comment.is_deleted, comment.edits) == (None, True, [])


def test_reviewers_are_asked_and_verdicts_dismissed(story: Story) -> None:
    assert story.tell("reviewer", {"person": f"bob@{HOME}", "on": True}) is None
    assert story.state.reviewers == {f"bob@{HOME}"}
    assert story.tell("reviewer", {"person": f"bob@{HOME}", "on": False}, by="bob", hub=AWAY) is not None
    story.tell("review", {"ps": "e2", "verdict": "approve"}, by="bob")
    assert story.tell("dismiss", {"review": "e9"}) == "no such review"
    assert story.tell("dismiss", {"review": "e5"}) is None
    assert story.state.reviews["e5"].is_dismissed


@pytest.mark.parametrize(
    ("kind", "d", "bodies"),
    [
        ("comment", {"comments": [{"body": 7}]}, ["x"]),
        ("comment", {"comments": [{"body": 0, "at": {"ps": "e2", "side": "both", "path": "a"}}]}, ["x"]),
        ("comment", {"comments": [{"body": 0, "at": {"ps": 1, "side": "new", "path": "a"}}]}, ["x"]),
        ("comment", {"comments": 7}, []),
        ("patchset", {"n": "2", "commit": "c", "base": "b"}, []),
        ("patchset", {"n": True, "commit": "c", "base": "b"}, []),
        ("review", {"ps": "e2", "verdict": "maybe"}, []),
        ("edit", {"draft": 1}, []),
        ("edit", {"body": 0}, []),
        ("resolve", {"thread": [], "resolved": True}, []),
    ],
)
def test_malformed_data_changes_nothing(
    story: Story, kind: str, d: Mapping[str, Any], bodies: list[str]
) -> None:
    before = repr(story.state)
    assert story.tell(kind, d, *bodies) == MALFORMED
    assert repr(story.state) == before


def test_what_is_not_understood_changes_nothing(story: Story) -> None:
    before = repr(story.state)
    assert story.tell("dance", {}) == NOT_UNDERSTOOD
    assert story.tell("edit", {"draft": True}, v=2) == NOT_UNDERSTOOD
    assert repr(story.state) == before


@pytest.mark.parametrize(
    "anchor",
    [
        AnchorState("p", "new", "a.py", (1, 1)),
        AnchorState("p", "old", "a%20.py"),
        AnchorState("p", "message", "c1", (2, 3)),
        AnchorState("p", "message", "c1"),
    ],
)
def test_places_are_read_as_they_are_written(story: Story, anchor: AnchorState) -> None:
    story.tell("comment", {"comments": [{"body": 0, "at": anchor_data(anchor)}]}, "x")
    assert story.state.anchors == {"e3.0": anchor}
