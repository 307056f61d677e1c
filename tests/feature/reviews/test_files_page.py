"""The page of a change's files: its diff, comments on any line, and drafts that only their author sees."""

import html
import re
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import select

from hub.access import Visibility
from hub.app import Hub
from hub.repos.models import Repository
from hub.reviews import talking
from hub.reviews.changes import get_change, list_patch_sets
from hub.reviews.models import VerdictValue
from tests.factories import make_user
from tests.feature.repos.pushing import Pusher
from tests.feature.reviews.changed_files import DRAFTS, NEW, PAGE, Reader, line_before, open_change, propose
from tests.visitor import Visitor, forms_of, words_of


@pytest.fixture
def reader(app: Flask, bob: Pusher) -> Reader:
    """anna, who reads the change that bob proposed."""
    open_change(bob)
    return Reader.named(app, "anna")


def publish(hub: Hub, anna: Pusher) -> None:
    """Publishes anna's drafts on change 1."""
    with hub.database.writing() as session:
        opened = get_change(session, anna.viewer, "anna/demo", 1, locks=True)
        patch_set = list_patch_sets(session, opened.topic.id)[-1].entry_id
        talking.publish_review(
            session, anna.viewer, opened, patch_set=patch_set, verdict=VerdictValue.COMMENT
        )


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


def test_a_draft_is_seen_by_its_author_alone_and_published_by_a_review(
    app: Flask, hub: Hub, reader: Reader, anna: Pusher
) -> None:
    reader.draft("A secret remark.", first=50)
    others = [Visitor(app), Reader.named(app, "bob").visitor]
    assert ["secret" in one.get(PAGE).text for one in others] == [False, False]
    publish(hub, anna)
    assert ["secret" in one.get(PAGE).text for one in others] == [True, True]
    page = reader.read()
    assert "Draft, only you see this" not in page
    assert line_before(page, "A secret remark.") == "line fifty"


@pytest.mark.parametrize(
    ("place", "first", "last", "status"),
    [
        ("1:new:code.txt", 100, 100, 422),
        ("1:old:code.txt", 100, 100, 303),
        ("1:old:code.txt", 101, 101, 422),
        ("1:new:code.txt", 3, 2, 422),
        ("1:new:code.txt", 0, 1, 422),
        ("1:new:code.txt", "x", "", 422),
        ("1:new:code.txt", "", 5, 303),
        ("1:old:new.txt", "", "", 404),
        ("1:new:none", 1, 1, 404),
        ("2:new:code.txt", 1, 1, 404),
        ("1:left:code.txt", 1, 1, 404),
        ("1:message:" + "0" * 40, 1, 1, 404),
        ("", "", "", 404),
    ],
)
def test_what_is_no_place_is_refused(
    reader: Reader, place: str, first: object, last: object, status: int
) -> None:
    answer = reader.draft("Where?", place, first, last)
    assert answer.status_code == status
    assert ("Where?" in reader.read()) == (status == 303)
    if status == 422:
        assert "There is no line" in answer.text or "line" in words_of(answer.text)
        assert "Where?" in answer.text


def test_a_remark_about_the_message_stands_in_it(reader: Reader, bob: Pusher) -> None:
    commit_id = bob.git.head(bob.work)
    reader.draft("Which words?", f"1:message:{commit_id}", 3, 3)
    reader.draft("All of it.", f"1:message:{commit_id}")
    reader.draft("Beyond.", f"1:message:{commit_id}", 4, 4)
    page = reader.read()
    assert line_before(page, "Which words?") == "In words."
    assert line_before(page, "All of it.") == ""
    assert "Beyond." not in page


def test_a_form_is_opened_by_the_link_of_a_file_without_any_script(reader: Reader) -> None:
    page = reader.read("?comment=code.txt&side=old&first=59&last=60")
    (form,) = (one for one in forms_of(page) if one.values.get("from"))
    assert form.values["place"] == "1:old:code.txt"
    assert line_before(page, 'id="comment"', is_old=True) == "line 60"
    answer = reader.visitor.post(form.action, {**form.values, "text": "Why is it gone?"})
    assert answer.status_code == 303
    assert answer.location.startswith(f"{PAGE}/1#draft-")
    assert line_before(reader.read(), "Why is it gone?", is_old=True) == "line 60"
    assert "from line" in reader.read("?comment=code.txt")


def test_a_draft_is_edited_and_discarded(app: Flask, reader: Reader) -> None:
    reader.draft("First words.", first=50)
    draft_id = re.findall(r'id="draft-(\d+)"', reader.read())[-1]
    address = f"{DRAFTS}/{draft_id}"
    assert f'action="{address}" data-draft' in reader.read(f"?edit={draft_id}")
    assert Reader.named(app, "bob").post(address, text="Not mine.").status_code == 404
    assert reader.post(address, text="Other words.").status_code == 303
    assert "Other words." in reader.read()
    assert reader.post(address, do="discard").status_code == 303
    assert "Other words." not in reader.read()
    assert reader.post(address, text="Gone.").status_code == 404


def test_a_script_gets_the_address_of_what_it_had_kept(reader: Reader) -> None:
    values = {"csrf_token": reader.token(), "text": "Typing", "place": "1:new:code.txt", "from": "50"}
    answer = reader.visitor.post(DRAFTS, dict(values), X_Fragment="1")
    assert (answer.status_code, answer.text) == (201, "")
    again = reader.visitor.post(answer.headers["Location"], {**values, "text": "Typing on"}, X_Fragment="1")
    assert again.status_code == 204
    page = reader.read()
    assert "Typing on" in page
    assert page.count("Draft, only you see this") == 1


def test_an_answer_is_kept_or_sent_at_once_and_settles_the_thread(
    app: Flask, hub: Hub, reader: Reader, anna: Pusher
) -> None:
    reader.draft("A question.", first=50)
    publish(hub, anna)
    bob = Reader.named(app, "bob")
    thread_id = re.findall(r'id="thread-(\d+)"', bob.read())[0]
    reply_to = re.findall(r'name="reply_to" value="([^"]+)"', bob.read(f"?reply={thread_id}"))[0]
    bob.post(DRAFTS, text="A draft of an answer.", reply_to=reply_to)
    assert "A draft of an answer." in bob.read()
    assert "A draft of an answer." not in reader.read()
    bob.post(DRAFTS, text="An answer.", reply_to=reply_to, resolves="1", do="say")
    page = reader.read()
    assert "An answer." in page
    assert "Resolved" in page
    assert reader.post(DRAFTS, text="No.", reply_to="no.0").status_code == 404


def test_what_was_said_of_an_older_patch_set_stands_at_its_line_while_the_file_is_the_same(
    reader: Reader, hub: Hub, anna: Pusher, bob: Pusher
) -> None:
    reader.draft("Of a file that stays.", "1:new:new.txt", 1, 1)
    reader.draft("Of a file that changes.", "1:new:code.txt", 50, 50)
    reader.draft("Of the base.", "1:old:code.txt", 50, 50)
    publish(hub, anna)
    (bob.work / "code.txt").write_text(NEW.replace("fifty", "Fifty"))
    bob.git.run("commit", "-qa", "--amend", "--no-edit", cwd=bob.work)
    propose(bob)
    page = reader.read()
    assert line_before(page, "Of a file that stays.") == "new"
    assert line_before(page, "Of the base.") == "line 50"
    assert line_before(page, "Of a file that changes.") == ""
    assert "from patch set 1" in page
    assert f'href="{PAGE}/1#thread-' in page
    older = reader.read(page=f"{PAGE}/1")
    assert line_before(older, "Of a file that changes.") == "line fifty"
    assert "There is a newer one:" in older


def test_a_patch_set_is_shown_against_another_one(reader: Reader, bob: Pusher) -> None:
    (bob.work / "code.txt").write_text(NEW.replace("fifty", "Fifty"))
    bob.git.run("commit", "-qa", "--amend", "--no-edit", cwd=bob.work)
    propose(bob)
    page = reader.read("?against=1")
    assert "1 file changed" in words_of(page)
    assert "These patch sets have different bases." not in page
    answer = reader.draft("Lower.", "1:new:code.txt", 50, 50)
    assert answer.status_code == 303
    assert line_before(reader.read("?against=1"), "Lower.", is_old=True) == "line fifty"
    assert reader.visitor.get(f"{PAGE}?against=7").status_code == 404


def test_one_commit_is_shown_and_commented_where_its_file_is_as_it_stays(reader: Reader, bob: Pusher) -> None:
    first = bob.git.head(bob.work)
    bob.git.commit(bob.work, "Second", {"code.txt": NEW + "more\n"})
    propose(bob, options=[("change", "1")])
    page = reader.read(f"?commit={first}")
    assert "One commit of 2." in page
    assert 'data-new="2:new:new.txt"' in page
    assert 'data-new="2:new:code.txt"' not in page
    assert 'data-old="2:old:code.txt"' in page
    assert "Second" not in page.partition('<section class="file"')[2]
    assert reader.visitor.get(f"{PAGE}?commit={'1' * 40}").status_code == 404


def test_unchanged_lines_are_shown_when_they_are_asked_for(reader: Reader) -> None:
    page = reader.read()
    assert "line 20\n" not in page
    assert ">line 20<" not in page
    links = [html.unescape(one) for one in re.findall(r'href="([^"]*lines=[^"]*)"', page)]
    opened = reader.read(page=links[0].partition("#")[0])
    assert ">line 20<" in opened
    number = re.findall(r'<section class="file" id="f(\d+)"[^>]*code.txt', page)[0]
    assert ">line 99<" in reader.read(f"?lines={number}:90-99999")


@pytest.mark.parametrize("words", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "<b>&amp;"])
def test_what_is_said_does_nothing(reader: Reader, words: str) -> None:
    reader.draft(words, first=50)
    draft_id = re.findall(r'id="draft-(\d+)"', reader.read())[-1]
    for query in ("", f"?edit={draft_id}", f"?comment={quote(words)}&first={quote(words)}"):
        page = reader.read(query)
        assert "<script>alert" not in page
        assert "onerror" not in page.replace("&quot;", '"').replace("onerror=alert(1)&gt;", "")


@pytest.mark.parametrize(("person", "status"), [("bob", 303), (None, 403), ("eve", 404)])
def test_only_who_reads_the_repository_writes(
    app: Flask, hub: Hub, reader: Reader, person: str | None, status: int
) -> None:
    with hub.database.writing() as session:
        make_user(session, "eve")
        if person == "eve":
            session.scalars(select(Repository)).one().visibility = Visibility.PRIVATE
    visitor = Visitor(app)
    if person:
        visitor.sign_in(person)
    token = next(
        (
            one.values["csrf_token"]
            for one in forms_of(visitor.get("/explore").text)
            if "csrf_token" in one.values
        ),
        "",
    )
    values = {"csrf_token": token, "text": "Hello", "place": "1:new:code.txt"}
    assert visitor.post(DRAFTS, values).status_code == status


def test_what_was_said_of_a_file_that_is_gone_is_listed(
    reader: Reader, hub: Hub, anna: Pusher, bob: Pusher
) -> None:
    reader.draft("Of a file that goes.", "1:new:new.txt", 1, 1)
    publish(hub, anna)
    bob.git.run("rm", "-q", "new.txt", cwd=bob.work)
    bob.git.run("commit", "-q", "--amend", "--no-edit", cwd=bob.work)
    propose(bob)
    words = words_of(reader.read())
    assert "1 thread in files that are not shown here" in words
    assert "Of a file that goes." in words


def test_patch_sets_on_different_bases_are_said_to_be_so(reader: Reader, bob: Pusher) -> None:
    proposed, git, work = bob.git.head(bob.work), bob.git, bob.work
    git.run("switch", "-qc", "newer", "HEAD~1", cwd=work)
    base = git.head(work)
    git.commit(work, "Meanwhile", {"other": "of the branch\n"})
    bob.send()
    bob.move((base, git.head(work), "refs/heads/main"))
    git.run("cherry-pick", proposed, cwd=work)
    propose(bob)
    page = words_of(reader.read("?against=1"))
    assert "These patch sets have different bases." in page
    assert "of the branch" in page
    assert "A rebase, nothing else changed." in words_of(reader.read())
