"""The page of a change: what stands above it, its state, and what its author and maintainers do with it."""

import pytest
from flask import Flask
from sqlalchemy import select, update

from hub.access import Role, Visibility
from hub.accounts import leaving
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.clock import now
from hub.issues.models import Topic
from hub.repos.models import Repository
from hub.reviews.models import Change, ChangeReviewer
from tests.factories import SYSTEM, make_user
from tests.feature.repos.pushing import ZERO, Pusher
from tests.feature.reviews.talking_people import PAGE, Talker, propose, talker
from tests.visitor import Visitor, words_of


@pytest.fixture
def change(bob: Pusher) -> None:
    propose(bob)


@pytest.fixture
def author(app: Flask, change: None) -> Talker:
    return talker(app, "bob")


@pytest.fixture
def owner(app: Flask, change: None) -> Talker:
    return talker(app, "anna")


def topic(hub: Hub) -> tuple[object, ...]:
    with hub.database.reading() as session:
        query = select(Topic.title, Topic.description, Topic.state, Topic.is_draft, Change.target)
        return tuple(session.execute(query.join(Change, Change.topic_id == Topic.id)).one())


def test_a_stranger_reads_what_is_proposed_and_is_offered_no_form(app: Flask, change: None) -> None:
    page = Visitor(app).get(PAGE).text
    words = words_of(page)
    assert "Fix typo #1 Get it Open bob proposes 1 commit for main , pushed for review" in words
    assert "bob opened the change with patch set 1" in words
    assert "Sign in to comment." in words
    assert "<p>It said <code>teh</code>.</p>" in page
    assert "<form" not in page.split("<main")[1].split("</main>")[0]


def test_commands_to_get_it_stand_ready_to_be_copied(author: Talker, bob: Pusher) -> None:
    (bob.work / "README").write_text("The\n")
    bob.git.run("commit", "-qa", "--amend", "--no-edit", cwd=bob.work)
    first, second = "refs/changes/1/1", "refs/changes/1/2"
    bob.send()
    bob.judge((ZERO, bob.git.head(bob.work), "refs/for/main"))
    bob.record()
    words = author.words()
    assert "git fetch origin refs/pull/1/head && git switch --detach FETCH_HEAD" in words
    assert f"git fetch origin {second}" in words
    assert "curl -sL http://localhost/anna/demo/changes/1.patch | git am" in words
    assert f"git fetch origin {first} {second} && git range-diff" in words
    assert "bob sent patch set 2" in words


@pytest.mark.parametrize(
    ("below", "expected"),
    [
        ("", PAGE),
        ("/files", f"{PAGE}/files"),
        ("/commits/1", f"{PAGE}/commits/1"),
        (".patch", f"{PAGE}.patch"),
        (".diff", f"{PAGE}.diff"),
    ],
)
def test_addresses_of_other_forges_lead_here(app: Flask, change: None, below: str, expected: str) -> None:
    answer = Visitor(app).get(f"/anna/demo/pulls/1{below}")
    assert (answer.status_code, answer.headers["Location"]) == (302, expected)


def test_no_change_of_that_number_and_a_private_repository_answer_404(
    app: Flask, hub: Hub, repository: Repository, change: None
) -> None:
    assert Visitor(app).get("/anna/demo/changes/2").status_code == 404
    assert Visitor(app).get("/anna/demo/pulls/2").status_code == 404
    with hub.database.writing() as session:
        session.execute(update(Repository).values(visibility=Visibility.PRIVATE))
    for page in ("", "/commits", "/commits/1.patch", ".patch", "/files"):
        answers = [Visitor(app).get(f"/anna/{name}/changes/1{page}") for name in ("demo", "nosuch")]
        assert [one.status_code for one in answers] == [404, 404]
        demo, nosuch = (words_of(one.text).partition(", request")[0] for one in answers)
        assert demo == nosuch.replace("nosuch", "demo")


def test_commits_and_patches_of_a_patch_set(app: Flask, bob: Pusher, change: None) -> None:
    visitor = Visitor(app)
    assert "Patch set 1 1 commit As patches As one diff Fix typo" in words_of(
        visitor.get(f"{PAGE}/commits").text
    )
    assert visitor.get(f"{PAGE}/commits/2").status_code == 404
    answer = visitor.get(f"{PAGE}.patch")
    assert answer.headers["Location"] == f"{PAGE}/commits/1.patch"
    patch = visitor.get(f"{PAGE}/commits/1.patch")
    assert patch.text.startswith(f"From {bob.git.head(bob.work)} ")
    assert "Subject: [PATCH] Fix typo" in patch.text
    diff = visitor.get(f"{PAGE}/commits/1.diff")
    assert diff.text.startswith("diff --git a/README b/README")
    assert diff.mimetype == "text/plain"


def test_title_and_description_are_edited_and_what_they_were_is_kept(author: Talker, hub: Hub) -> None:
    edit = f"{PAGE}/edit"
    preview = author.send("edit", on=edit, title="Fix a typo", description="**Now**", do="preview")
    assert "<strong>Now</strong>" in preview.text
    assert 'value="Fix a typo"' in preview.text
    assert topic(hub)[:2] == ("Fix typo", "It said `teh`.")
    assert (
        author.send("edit", on=edit, title="Fix a typo", description="Better.", target="main").status_code
        == 302
    )
    assert topic(hub)[:2] == ("Fix a typo", "Better.")
    words = author.words()
    assert "bob edited title or description" in words
    assert "Fix typo → Fix a typo The description before It said `teh`." in words


def test_what_cannot_be_taken_is_shown_again_with_what_was_typed(author: Talker, hub: Hub) -> None:
    answer = author.send("edit", on=f"{PAGE}/edit", title=" ", description="Kept.", target="main")
    assert answer.status_code == 422
    assert "Enter a title." in answer.text
    assert ">Kept.</textarea>" in answer.text
    answer = author.send("edit", on=f"{PAGE}/edit", title="Other", target="no-such")
    assert answer.status_code == 422
    assert "There is no branch of this name." in answer.text
    assert 'value="no-such"' in answer.text
    assert topic(hub)[0] == "Fix typo"


def test_another_target_is_chosen_from_the_branches(author: Talker, anna: Pusher, hub: Hub) -> None:
    anna.push((ZERO, anna.refs()["refs/heads/main"], "refs/heads/stable"))
    assert '<option value="stable">' in author.visitor.get(f"{PAGE}/edit").text
    author.send("edit", on=f"{PAGE}/edit", title="Fix typo", description="It said `teh`.", target="stable")
    assert topic(hub)[4] == "stable"
    assert "bob proposes it for stable now" in author.words()


def test_close_reopen_draft_and_ready(author: Talker, owner: Talker, hub: Hub) -> None:
    author.send("draft")
    assert topic(hub)[2:4] == ("open", True)
    owner.send("ready")
    author.send("close")
    assert topic(hub)[2:4] == ("closed", False)
    assert "Closed bob proposes" in owner.words()
    author.send("reopen")
    assert topic(hub)[2:4] == ("open", False)
    words = author.words()
    for said in ("bob made it a draft", "anna says it is ready", "bob closed", "bob opened the change again"):
        assert said in words


ACTS = ["close", "draft", "edit", "reviewers"]


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(
    ("name", "role", "status"),
    [
        ("bob", None, 302),
        ("mia", Role.MAINTAIN, 302),
        ("will", Role.WRITE, 403),
        ("rea", Role.READ, 403),
        ("eve", None, 403),
    ],
)
def test_its_author_and_maintainers_act_on_a_change_and_nobody_else(
    app: Flask, pusher_as: object, change: None, act: str, name: str, role: Role | None, status: int
) -> None:
    if name != "bob":
        assert callable(pusher_as)
        pusher_as(name, role)
    values = {"title": "Other", "description": "", "target": "main", "reviewer": "anna"}
    answer = talker(app, name).force(act, **values)
    assert answer.status_code == status
    if status == 403:
        assert "Only its author and maintainers do this." in answer.text


def test_nobody_acts_in_an_archived_repository(author: Talker, owner: Talker, hub: Hub) -> None:
    with hub.database.writing() as session:
        session.execute(update(Repository).values(archived_at=now()))
    for one in (author, owner):
        assert "<textarea" not in one.read()
        for act in (*ACTS, "review"):
            assert one.force(act, summary="x", verdict="comment").status_code == 403


def test_somebody_is_asked_for_a_review_and_released(author: Talker, owner: Talker, hub: Hub) -> None:
    assert author.send("reviewers", reviewer="@anna").status_code == 302
    assert "Reviewers a anna Asked" in author.words()
    assert "bob asked anna for a review" in author.words()
    with hub.database.reading() as session:
        person = session.scalars(select(ChangeReviewer.person_id)).one()
    assert owner.send(f"reviewers/{person}/release").status_code == 302
    assert "anna no longer asks anna for a review" in owner.words()
    assert owner.force(f"reviewers/{person}/release").status_code == 404


def test_a_reviewer_whom_nobody_knows_is_shown_again(author: Talker) -> None:
    answer = author.send("reviewers", reviewer="nobody-here")
    assert answer.status_code == 422
    assert 'value="nobody-here"' in answer.text
    assert "Nobody of this name reads the repository." in answer.text


@pytest.mark.parametrize("title", ["<script>alert(1)</script>", "Grüße, 世界 \u202e", '`<b>` & "quotes"'])
def test_words_of_strangers_are_words(app: Flask, bob: Pusher, title: str) -> None:
    propose(bob, title=title, description='<script>alert(1)</script><img src=x onerror="x">\n\n# Head\n\nÄ')
    page = Visitor(app).get(PAGE).text
    assert "<script>alert" not in page
    assert "onerror" not in page
    assert 'id="text-d-head"' in page
    assert "<b>` &" not in page


def test_an_author_who_left_is_somebody_who_left(app: Flask, hub: Hub, change: None) -> None:
    with hub.database.writing() as session:
        leaving.delete_account(session, SYSTEM, get_user(session, "bob"))
    words = words_of(Visitor(app).get(PAGE).text)
    assert "Somebody who left proposes 1 commit for main" in words
    assert "Somebody who left opened the change" in words
    assert "bob" not in words


def test_a_name_in_other_letters_leads_to_the_right_address(app: Flask, change: None) -> None:
    answer = Visitor(app).get("/Anna/Demo/changes/1")
    assert answer.headers["Location"] == PAGE


def test_somebody_else_does_not_edit_in_a_form(app: Flask, hub: Hub, change: None) -> None:
    with hub.database.writing() as session:
        make_user(session, "eve")
    assert talker(app, "eve").visitor.get(f"{PAGE}/edit").status_code == 403


def test_the_tab_says_how_many_changes_are_open(app: Flask, author: Talker) -> None:
    tab = 'Changes <span class="count">1</span></a>'
    assert tab in Visitor(app).get("/anna/demo").text
    author.send("draft")
    assert tab not in Visitor(app).get("/anna/demo").text
    author.send("ready")
    assert tab in author.read()
    author.send("close")
    assert tab not in author.read()
