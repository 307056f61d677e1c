"""People who talk about change 1 of anna/demo, which bob proposed, in browsers without scripts."""

from dataclasses import dataclass

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from hub.app import Hub
from hub.issues.models import Comment
from hub.reviews import talking
from hub.reviews.changes import get_change, list_patch_sets
from hub.reviews.models import Side
from tests.feature.repos.pushing import Pusher
from tests.visitor import Visitor, words_of

PAGE = "/anna/demo/changes/1"


@dataclass
class Talker:
    """Somebody signed in, on the page of the change."""

    visitor: Visitor

    def read(self, query: str = "") -> str:
        answer = self.visitor.get(PAGE + query)
        assert answer.status_code == 200, answer.text
        return answer.text

    def words(self, query: str = "") -> str:
        return words_of(self.read(query))

    def send(self, below: str, *, on: str = PAGE, **values: object) -> TestResponse:
        """Fills in the form of the page that leads there."""
        return self.visitor.submit(on, action=f"{PAGE}/{below}", **values)

    def force(self, below: str, **values: object) -> TestResponse:
        """Sends what the page offers no form for."""
        self.visitor.get("/settings")
        token = self.visitor.get("/settings").text.split('name="csrf_token" value="', 1)[1].split('"')[0]
        return self.visitor.post(f"{PAGE}/{below}", {"csrf_token": token, **values})


def talker(app: Flask, name: str) -> Talker:
    visitor = Visitor(app)
    visitor.sign_in(name)
    return Talker(visitor)


def propose(pusher: Pusher, title: str = "Fix typo", description: str = "It said `teh`.") -> None:
    """Pushes a commit for review under these words."""
    commit = pusher.git.commit(pusher.work, "Fix typo", {"README": "the\n"})
    pusher.send()
    options = [("title", title), ("description", description)]
    judgement = pusher.judge(("0" * 40, commit, "refs/for/main"), options=options)
    assert judgement.answers[0][1] == "ok", judgement
    pusher.record()


def begin_thread(hub: Hub, pusher: Pusher, words: str = "Which one?") -> None:
    """Has somebody draft a comment on line 1 of README."""
    with hub.database.writing() as session:
        opened = get_change(session, pusher.viewer, "anna/demo", 1, locks=True)
        patch_set = list_patch_sets(session, opened.topic.id)[-1].entry_id
        place = talking.Place(patch_set, Side.NEW, "README", (1, 1))
        talking.save_draft(session, pusher.viewer, opened, words=words, place=place)


def comments(hub: Hub) -> list[Comment]:
    with hub.database.reading() as session:
        return list(session.scalars(select(Comment).order_by(Comment.position)))
