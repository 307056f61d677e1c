"""Words that are taken away: who may, what pages show instead, and that nothing leads to them any more."""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from hub.access import Role
from hub.app import Hub
from hub.clock import now
from hub.issues.models import Comment, Topic, TopicEdit
from hub.journal.models import JournalBody, JournalLeftover, JournalTopic
from hub.repos.models import PushIntent
from hub.reviews.changes import get_change
from hub.reviews.models import Proposal, Review
from hub.reviews.wordings import list_wordings
from tests.factories import SYSTEM
from tests.feature.repos.pushing import Pusher
from tests.feature.reviews.talking_people import PAGE, Talker, begin_thread, comments, propose, talker
from tests.visitor import Visitor, words_of

SECRET = "hunter2"


@pytest.fixture(autouse=True)
def change(bob: Pusher) -> None:
    propose(bob, title=f"Use {SECRET}", description=f"Because **{SECRET}** is it.")


@pytest.fixture
def author(app: Flask, change: None) -> Talker:
    return talker(app, "bob")


@pytest.fixture
def owner(app: Flask, change: None) -> Talker:
    return talker(app, "anna")


@pytest.fixture
def said(author: Talker, hub: Hub) -> int:
    """The id of a comment of bob's, who had mended it."""
    author.send("review", summary=f"The password is {SECRET}.")
    comment_id = comments(hub)[0].id
    author.send(f"comments/{comment_id}/edit", on=f"{PAGE}/comments/{comment_id}/edit", text="Never mind.")
    return comment_id


def take(who: Talker, below: str, **values: object) -> Any:
    """Confirms what the page offers, all of it where nothing else is said."""
    address = f"{PAGE}/{below}redact"
    page = who.visitor.get(address)
    assert page.status_code == 200, page.text
    offered = re.findall(r'name="words" value="([^"]+)" checked', page.text)
    return who.visitor.submit(address, **{"words": offered, **values})


def everything(hub: Hub) -> str:
    """What all texts of the database hold, in one string."""
    found = []
    with hub.database.reading() as session:
        for table in ("topics", "topic_edits", "comments", "comment_edits", "reviews", "journal_bodies"):
            found += [str(row) for row in session.execute(text(f"SELECT * FROM {table}"))]
    return "\n".join(found)


def test_a_comment_goes_with_all_that_it_ever_said(author: Talker, said: int, hub: Hub) -> None:
    page = words_of(author.visitor.get(f"{PAGE}/comments/{said}/redact").text)
    assert "What the comment says, and what it said before" in page
    assert f"The password is {SECRET}." in page
    answer = take(author, f"comments/{said}/")
    assert answer.headers["Location"] == f"{PAGE}#c{said}"
    assert "The words are taken away." in author.words()
    words = author.words()
    assert words.count("These words were taken away by bob just now .") == 2
    assert "bob took 2 texts away for good" in words
    assert "password" not in words
    with hub.database.reading() as session:
        assert session.get_one(Comment, said).text is None
        assert len(session.scalars(select(JournalLeftover)).all()) == 2
        assert session.scalars(
            select(JournalTopic.needs_rewriting).where(JournalTopic.type == "change")
        ).one()


def test_only_what_is_chosen_goes(author: Talker, said: int, hub: Hub) -> None:
    with hub.database.reading() as session:
        opened = get_change(session, SYSTEM, "anna/demo", 1)
        said_first = next(one.name for one in list_wordings(session, opened.journal_topic) if one.of)
    take(author, f"comments/{said}/", words=[said_first])
    words = author.words()
    assert "Never mind." in words
    assert "These words were taken away by bob just now ." in words
    assert "password" not in words
    again = words_of(author.visitor.get(f"{PAGE}/comments/{said}/redact").text)
    assert "Never mind." in again
    assert f"The password is {SECRET}" not in again


def test_title_and_description_go_together_and_come_anew(author: Talker, owner: Talker, hub: Hub) -> None:
    assert take(owner, "").headers["Location"] == PAGE
    words = owner.words()
    assert "(words taken away) #1" in words
    assert "These words were taken away by anna just now ." in words
    assert SECRET not in everything(hub)
    for page in ("/anna/demo/changes", "/-/changes", PAGE, f"{PAGE}/files", f"{PAGE}/commits", "/anna/demo"):
        answer = author.visitor.get(page)
        assert answer.status_code == 200, page
        assert SECRET not in answer.text, page
    assert "(words taken away)" in words_of(author.visitor.get("/anna/demo/changes").text)
    assert "(words taken away)" in words_of(owner.visitor.get("/-/changes").text)
    author.send("edit", on=f"{PAGE}/edit", title="Use another one", description="", target="main")
    words = author.words()
    assert "Use another one #1" in words
    assert "(words taken away) → Use another one" in words
    assert "The description before" not in words
    # What it was before can be chosen no more, and what it is now still can.
    page = words_of(owner.visitor.get(f"{PAGE}/redact").text)
    assert "Use another one" in page
    assert SECRET not in page


def test_an_earlier_title_goes_alone(author: Talker, hub: Hub) -> None:
    author.send("edit", on=f"{PAGE}/edit", title="Use it", description="Because.", target="main")
    with hub.database.reading() as session:
        opened = get_change(session, SYSTEM, "anna/demo", 1)
        first = list_wordings(session, opened.journal_topic)[0]
    take(author, "", words=[first.name])
    words = author.words()
    assert "Use it #1" in words
    assert "(words taken away) → Use it" in words
    assert SECRET not in author.read()
    with hub.database.reading() as session:
        assert session.scalars(select(TopicEdit.title)).one() is None


def test_the_summary_of_a_review_goes_and_its_verdict_stays(
    author: Talker, owner: Talker, hub: Hub, anna: Pusher
) -> None:
    begin_thread(hub, anna)
    owner.send("review", summary=f"No {SECRET} here.", verdict="request_changes")
    with hub.database.reading() as session:
        review_id = session.scalars(select(Review.id)).one()
    take(owner, f"reviews/{review_id}/")
    words = author.words()
    assert "anna Requests changes about patch set 1" in words
    assert "These words were taken away by anna just now ." in words
    assert "Which one?" in words
    assert f"No {SECRET}" not in words


def test_words_that_were_deleted_still_can_be_taken_away(author: Talker, said: int, hub: Hub) -> None:
    author.send(f"comments/{said}/delete")
    take(author, f"comments/{said}/")
    assert "This comment was deleted." in author.words()
    with hub.database.reading() as session:
        assert session.scalars(select(JournalBody.content)).all().count(None) == 2


@pytest.mark.parametrize(
    ("name", "role", "status"),
    [
        ("bob", None, 302),
        ("anna", None, 302),
        ("mia", Role.MAINTAIN, 302),
        ("root", None, 302),
        ("will", Role.WRITE, 403),
        ("stan", None, 403),
    ],
)
def test_the_author_maintainers_and_administrators_may(
    app: Flask, hub: Hub, said: int, pusher_as: Any, name: str, role: Role | None, status: int
) -> None:
    if name not in ("anna", "bob"):
        pusher_as(name, role)
    if name == "root":
        with hub.database.writing() as session:
            session.execute(text("UPDATE users SET is_admin = true WHERE id = (SELECT max(id) FROM users)"))
    with hub.database.reading() as session:
        names = [
            one.name
            for one in list_wordings(session, get_change(session, SYSTEM, "anna/demo", 1).journal_topic)
            if one.kind == "comment"
        ]
    who = talker(app, name)
    assert ("Take away the words of this comment" in who.words()) is (status == 302)
    page = who.visitor.get(f"{PAGE}/comments/{said}/redact")
    assert page.status_code == (200 if status == 302 else 403)
    assert who.force(f"comments/{said}/redact", words=names).status_code == status
    assert (SECRET in "".join(str(one.text) for one in comments(hub))) is False
    with hub.database.reading() as session:
        gone = session.scalars(select(JournalBody.content)).all().count(None)
    assert gone == (2 if status == 302 else 0)


@pytest.mark.parametrize("below", ["redact", "comments/1/redact", "reviews/1/redact"])
def test_in_a_private_repository_strangers_find_nothing(
    app: Flask, hub: Hub, said: int, pusher_as: Any, below: str
) -> None:
    pusher_as("stan")
    with hub.database.writing() as session:
        session.execute(text("UPDATE repositories SET visibility = 'private'"))
    who = talker_anywhere(app, "stan")
    assert who.get(f"{PAGE}/{below}").status_code == 404
    token = who.get("/settings").text.split('name="csrf_token" value="', 1)[1].split('"')[0]
    assert who.post(f"{PAGE}/{below}", {"csrf_token": token, "words": "x"}).status_code == 404


def talker_anywhere(app: Flask, name: str) -> Visitor:
    visitor = Visitor(app)
    visitor.sign_in(name)
    return visitor


@pytest.mark.parametrize("below", ["comments/99/redact", "reviews/99/redact", "reviews/1/redact"])
def test_what_is_not_there_is_not_found(owner: Talker, below: str) -> None:
    assert owner.visitor.get(f"{PAGE}/{below}").status_code == 404
    assert owner.force(below, words=["x"]).status_code == 404


def test_words_of_another_text_are_not_found_at_this_one(owner: Talker, said: int, hub: Hub) -> None:
    with hub.database.reading() as session:
        opened = get_change(session, SYSTEM, "anna/demo", 1)
        title = list_wordings(session, opened.journal_topic)[0].name
    assert owner.force(f"comments/{said}/redact", words=[title]).status_code == 404
    with hub.database.reading() as session:
        assert session.scalars(select(Topic.title)).one() == f"Use {SECRET}"


def test_choosing_nothing_says_what_to_do(author: Talker, said: int) -> None:
    answer = author.force(f"comments/{said}/redact")
    assert answer.status_code == 422
    assert "Choose the words that are to be taken away." in answer.text


def test_a_second_time_there_is_nothing_left(author: Talker, said: int) -> None:
    take(author, f"comments/{said}/")
    assert author.visitor.get(f"{PAGE}/comments/{said}/redact").status_code == 404
    assert "Take away the words of this comment" not in author.words()


def test_what_a_push_proposed_in_vain_is_forgotten(author: Talker, said: int, hub: Hub) -> None:
    with hub.database.writing() as session:
        repository_id = session.scalars(select(Topic.repository_id)).one()
        for push_id, done_at in (("over", now()), ("under way", None)):
            values = {"repository_id": repository_id, "push_id": push_id, "done_at": done_at}
            session.add(PushIntent(refs=[], packs=[], created_at=now(), **values))
            session.add(
                Proposal(repository_id=repository_id, push_id=push_id, ref="x", said={}, created_at=now())
            )
    take(author, f"comments/{said}/")
    with hub.database.reading() as session:
        assert session.scalars(select(Proposal.push_id)).all() == ["under way"]


def test_a_push_to_a_change_without_a_title_says_so(owner: Talker, bob: Pusher) -> None:
    take(owner, "")
    commit = bob.git.commit(bob.work, "Fix typo", {"README": "The\n"})
    bob.send()
    judgement = bob.judge(("0" * 40, commit, "refs/for/main"), options=[("change", "1")])
    assert judgement.answers[0][1] == "ok", judgement
    assert bob.record()[1] == "  (words taken away)  [PATCH-SET 2]"
