"""What `hub demo` brings of changes: one in each state, made once."""

from sqlalchemy import select

from hub import demo
from hub.app import Hub
from hub.issues.models import Topic
from hub.reviews.models import Change

EXPECTED = [
    ("Say where questions are answered", "merged", False, 1),
    ("Find a better name", "closed", False, 1),
    ("Describe the first steps", "open", False, 2),
    ("Explain the words of a review", "open", False, 1),
    ("Collect ideas for what comes next", "open", True, 1),
]


def test_the_demo_brings_a_change_of_each_state_once(hub: Hub) -> None:
    for _ in range(2):
        demo.bring(hub)
        with hub.database.reading() as session:
            query = (
                select(Topic.title, Topic.state, Topic.is_draft, Change.patch_sets_count)
                .join(Change, Change.topic_id == Topic.id)
                .order_by(Topic.number)
            )
            assert [tuple(row) for row in session.execute(query)] == EXPECTED
