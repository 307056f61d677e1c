"""The conversation of a change: reviews, comments, answers, threads that are settled, and what was edited."""

import pytest
from flask import Flask
from sqlalchemy import event, select

from hub.access import Role
from hub.app import Hub
from hub.issues.models import Draft
from hub.reviews import talking
from hub.reviews.changes import get_change
from hub.reviews.models import Review
from tests.feature.repos.pushing import Pusher
from tests.feature.reviews.talking_people import PAGE, Talker, begin_thread, comments, propose, talker

# What one look at a conversation may ask of the database, however long it is.
MAX_QUERIES = 22


@pytest.fixture(autouse=True)
def change(bob: Pusher) -> None:
    propose(bob)


@pytest.fixture
def author(app: Flask, change: None) -> Talker:
    return talker(app, "bob")


@pytest.fixture
def owner(app: Flask, change: None) -> Talker:
    return talker(app, "anna")


@pytest.fixture
def thread(hub: Hub, anna: Pusher, owner: Talker) -> str:
    """The element of a thread of anna's on line 1 of README."""
    begin_thread(hub, anna)
    assert owner.send("review", summary="Nearly.", verdict="request_changes").status_code == 302
    return f"threads/{comments(hub)[0].thread_id}"


def test_a_comment_is_previewed_and_said(author: Talker, hub: Hub) -> None:
    answer = author.send("review", summary="See **this**.", do="preview")
    assert answer.status_code == 200
    assert "<strong>this</strong>" in answer.text
    assert " autofocus>See **this**.</textarea>" in answer.text
    assert comments(hub) == []
    assert author.send("review", summary="See **this**.").status_code == 302
    assert [one.text for one in comments(hub)] == ["See **this**."]
    assert "bob author" in author.words()


@pytest.mark.parametrize(
    ("name", "values", "status", "said"),
    [
        ("anna", {"summary": " ", "verdict": "comment"}, 422, "Write something."),
        ("anna", {"summary": "x" * 70_000, "verdict": "approve"}, 422, "Use at most 65536 characters."),
        ("anna", {"summary": "Good", "verdict": "perfect"}, 422, "Choose what you say about the change."),
        ("bob", {"summary": "Good", "verdict": "approve"}, 403, "This change is your own."),
    ],
)
def test_a_review_that_is_refused_keeps_what_was_typed(
    app: Flask, name: str, values: dict[str, str], status: int, said: str
) -> None:
    answer = talker(app, name).force("review", patch_set="1", **values)
    assert answer.status_code == status
    assert said in answer.text
    assert f">{values['summary']}</textarea>" in answer.text


def test_a_verdict_on_a_change_that_was_closed_meanwhile_keeps_what_was_typed(
    author: Talker, owner: Talker
) -> None:
    author.send("close")
    answer = owner.force("review", summary="All of my thoughts", verdict="approve", patch_set="1")
    assert answer.status_code == 409
    assert "is not open any more" in answer.text
    assert ">All of my thoughts</textarea>" in answer.text


def test_drafts_go_out_with_the_review(author: Talker, owner: Talker, hub: Hub, anna: Pusher) -> None:
    begin_thread(hub, anna)
    assert "1 draft goes out with it: README 1 Which one?" in owner.words()
    assert "Which one?" not in author.words()
    owner.send("review", summary="Nearly.", verdict="request_changes")
    words = author.words()
    assert "anna Requests changes about patch set 1" in words
    assert "Open README 1" in words
    assert "Which one?" in words
    with hub.database.reading() as session:
        assert session.scalars(select(Draft)).all() == []


def test_an_answer_is_previewed_and_settles_the_thread(author: Talker, thread: str, hub: Hub) -> None:
    answer = author.send(f"{thread}/reply", text="*This* one.", settle="1", do="preview")
    assert "<em>This</em> one." in answer.text
    assert 'name="settle" value="1" checked' in answer.text
    answer = author.send(f"{thread}/reply", text="*This* one.", settle="1")
    assert answer.headers["Location"] == f"{PAGE}#{thread.replace('threads/', 'thread-')}"
    assert comments(hub)[1].reply_to == comments(hub)[0].global_id
    page = author.read()
    assert "Resolved README 1 2 comments , resolved by bob" in author.words().replace(
        "comments,", "comments ,"
    )
    assert f'<details class="thread" id="{thread.replace("threads/", "thread-")}">' in page


def test_an_empty_answer_is_shown_again_in_its_thread(author: Talker, thread: str) -> None:
    answer = author.send(f"{thread}/reply", text=" ", settle="1")
    assert answer.status_code == 422
    assert '<details class="reply" open>' in answer.text
    assert "Write something." in answer.text


def test_a_thread_is_settled_and_taken_up_again(author: Talker, owner: Talker, thread: str) -> None:
    author.send(f"{thread}/resolve")
    assert "bob resolved README 1" in owner.words()
    owner.send(f"{thread}/reopen")
    assert "anna opened README 1 again" in author.words()
    assert "Open README 1" in author.words()


@pytest.mark.parametrize(
    ("role", "status"), [(None, 403), (Role.READ, 403), (Role.WRITE, 403), (Role.MAINTAIN, 302)]
)
def test_a_thread_is_settled_by_who_took_part_and_by_maintainers(
    app: Flask, pusher_as: object, thread: str, role: Role | None, status: int
) -> None:
    assert callable(pusher_as)
    pusher_as("cleo", role)
    assert talker(app, "cleo").force(f"{thread}/resolve").status_code == status


def test_a_comment_is_edited_and_what_it_said_stays_readable(author: Talker, owner: Talker, hub: Hub) -> None:
    author.send("review", summary="First words")
    below = f"comments/{comments(hub)[0].id}"
    edit = f"{PAGE}/{below}/edit"
    assert "<em>Other</em>" in author.send(f"{below}/edit", on=edit, text="*Other* words", do="preview").text
    empty = author.send(f"{below}/edit", on=edit, text=" ")
    assert (empty.status_code, "Write something." in empty.text) == (422, True)
    author.send(f"{below}/edit", on=edit, text="*Other* words")
    words = owner.words()
    assert "edited" in words
    assert "What it said before until just now First words" in words
    assert owner.visitor.get(edit).status_code == 403
    assert owner.force(f"{below}/edit", text="Mine").status_code == 403


def test_a_comment_is_deleted_by_its_author_or_a_maintainer(
    app: Flask, author: Talker, owner: Talker, hub: Hub, pusher_as: object
) -> None:
    for words in ("One.", "Two."):
        author.send("review", summary=words)
    one, two = comments(hub)
    assert callable(pusher_as)
    pusher_as("eve")
    assert talker(app, "eve").force(f"comments/{one.id}/delete").status_code == 403
    author.send(f"comments/{one.id}/delete")
    owner.send(f"comments/{two.id}/delete")
    words = author.words()
    assert words.count("This comment was deleted.") == 2
    assert "One." not in words
    assert author.visitor.get(f"{PAGE}/comments/{one.id}/edit").status_code == 403


def test_a_review_is_dismissed_by_maintainers_alone(
    author: Talker, owner: Talker, thread: str, hub: Hub
) -> None:
    with hub.database.reading() as session:
        entry_id = session.scalars(select(Review.entry_id)).one()
    assert author.force(f"dismiss/{entry_id}").status_code == 403
    assert owner.force("dismiss/nothing").status_code == 404
    owner.send(f"dismiss/{entry_id}")
    assert "anna dismissed the review of anna" in author.words()
    assert "Requests changes Dismissed" in author.words()


def test_strangers_are_asked_to_sign_in_and_others_have_no_such_thread(
    app: Flask, owner: Talker, thread: str
) -> None:
    assert owner.force("threads/999/reply", text="x").status_code == 404
    assert owner.force("comments/999/delete").status_code == 404


def test_comments_are_markdown_and_nothing_else(author: Talker, hub: Hub) -> None:
    text = """[x](javascript:alert(1)) <a href="#" onclick="x">y</a>

# Head

[r](README)

<script>alert(1)</script>"""
    for _ in range(2):
        author.send("review", summary=text)
    page = author.read()
    first, second = (one.id for one in comments(hub))
    assert "<script>alert" not in page
    assert 'href="javascript:' not in page
    assert "onclick" not in page
    assert f'id="text-c{first}-head"' in page
    assert f'id="text-c{second}-head"' in page
    assert 'href="/anna/demo/src/branch/main/README"' in page


def test_a_long_conversation_is_read_in_parts_and_open_threads_stay(
    author: Talker, owner: Talker, thread: str, hub: Hub, bob: Pusher
) -> None:
    with hub.database.writing() as session:
        opened = get_change(session, bob.viewer, "anna/demo", 1, locks=True)
        for number in range(105):
            talking.say(session, bob.viewer, opened, words=f"Remark {number}.")
    statements: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(hub.database.engine, "before_cursor_execute", note)
    page = owner.words()
    event.remove(hub.database.engine, "before_cursor_execute", note)
    assert len([one for one in statements if not one.startswith(("BEGIN", "PRAGMA"))]) <= MAX_QUERIES
    assert "Still open, from earlier Open README 1" in page
    assert "Remark 104." in page
    assert "Remark 4." not in page
    earlier = owner.read().split('rel="prev nofollow" href="')[1].split('"')[0]
    words = owner.words(earlier.removeprefix(PAGE))
    assert "Remark 4." in words
    assert "Remark 104." not in words
    assert "bob opened the change" in words


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30])
def test_a_part_that_is_none_is_refused(owner: Talker, before: str) -> None:
    assert owner.visitor.get(f"{PAGE}?before={before}").status_code == 400


def test_a_form_leads_back_to_the_page_it_stood_on_and_nowhere_else(owner: Talker) -> None:
    answer = owner.force("review", summary="One", back=f"{PAGE}/files")
    assert answer.headers["Location"] == f"{PAGE}/files"
    answer = owner.force("review", summary="Two", back="https://evil.example/")
    assert answer.headers["Location"] == PAGE
