"""Proposing a branch on the page that compares it: the form, what it opens, and what it refuses."""

import pytest
from flask import Flask
from sqlalchemy import select, update

from hub.access import Permission, Role, Visibility
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.issues.models import Topic
from hub.journal.models import Person
from hub.repos.access import open_repository
from hub.repos.forks import forking
from hub.repos.models import Repository
from hub.repos.settings import settings
from hub.reviews.models import Change, ChangeReviewer
from tests.factories import SYSTEM, make_collaborator
from tests.feature.repos.pushing import ZERO, Pusher
from tests.visitor import Visitor, forms_of, words_of

COMPARE = "/anna/demo/compare/main...fix-typo"
OPEN = "/anna/demo/changes"


def signed_in(app: Flask, name: str) -> Visitor:
    visitor = Visitor(app)
    visitor.sign_in(name)
    visitor.get("/")
    return visitor


def token_of(page: str) -> str:
    """The token of a form that changes something; the box above the page only searches."""
    return next(one.values["csrf_token"] for one in forms_of(page) if "csrf_token" in one.values)


@pytest.fixture
def branch(anna: Pusher) -> str:
    """The commit of `fix-typo`, pushed by anna."""
    anna.git.run("switch", "-qc", "fix-typo", cwd=anna.work)
    commit = anna.git.commit(anna.work, "Fix typo in README\n\nIt said teh.", {"README": "the\n"})
    anna.push((ZERO, commit, "refs/heads/fix-typo"))
    return commit


def opened(hub: Hub) -> list[tuple[object, ...]]:
    with hub.database.reading() as session:
        query = (
            select(
                Topic.number, Topic.title, Topic.description, Topic.is_draft, Change.target, Change.commit_id
            )
            .join(Change, Change.topic_id == Topic.id)
            .order_by(Topic.number)
        )
        return [tuple(row) for row in session.execute(query)]


def asked(hub: Hub) -> set[str | None]:
    with hub.database.reading() as session:
        query = select(Person.name).join(ChangeReviewer, ChangeReviewer.person_id == Person.id)
        return set(session.scalars(query))


def test_the_form_says_what_the_commit_says(app: Flask, branch: str) -> None:
    page = signed_in(app, "anna").get(COMPARE).text
    (form,) = (one for one in forms_of(page) if one.action == OPEN)
    assert form.values["title"] == "Fix typo in README"
    assert ">It said teh.</textarea>" in page
    assert (form.values["source"], form.values["target"]) == ("fix-typo", "main")


def test_several_commits_are_listed_under_the_name_of_their_branch(
    app: Flask, anna: Pusher, branch: str
) -> None:
    more = anna.git.commit(anna.work, "Say more", {"more": "x\n"})
    anna.push((branch, more, "refs/heads/fix-typo"))
    page = signed_in(app, "anna").get(COMPARE).text
    (form,) = (one for one in forms_of(page) if one.action == OPEN)
    assert form.values["title"] == "Fix typo"
    assert "- Fix typo in README\n- Say more</textarea>" in page


def test_the_form_opens_a_change_that_follows_the_branch(
    app: Flask, hub: Hub, anna: Pusher, bob: Pusher, branch: str
) -> None:
    visitor = signed_in(app, "bob")
    answer = visitor.submit(COMPARE, action=OPEN, description="Now\r\nfixed.", draft="on", reviewers="anna")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/anna/demo/changes/1")
    assert opened(hub) == [(1, "Fix typo in README", "Now\nfixed.", True, "main", branch)]
    assert asked(hub) == {"anna"}
    assert anna.refs()["refs/changes/1/1"] == anna.refs()["refs/pull/1/head"] == branch
    more = anna.git.commit(anna.work, "Say more", {"more": "x\n"})
    anna.push((branch, more, "refs/heads/fix-typo"))
    assert anna.refs()["refs/changes/1/2"] == more
    assert opened(hub)[0][5] == more


def test_a_change_of_the_branch_stands_where_the_form_was(
    app: Flask, hub: Hub, bob: Pusher, branch: str
) -> None:
    visitor = signed_in(app, "bob")
    visitor.submit(COMPARE, action=OPEN)
    page = visitor.get(COMPARE).text
    assert "Change #1 proposes this branch. Push to the branch: the change follows it." in words_of(page)
    assert '<a href="/anna/demo/changes/1">' in page
    assert not [one for one in forms_of(page) if one.action == OPEN]
    other = {"csrf_token": token_of(page), "title": "Again", "source": "fix-typo"}
    again = visitor.post(OPEN, {**other, "target": "main"})
    assert again.status_code == 409
    assert "Change 1 proposes this branch already" in words_of(again.text)
    assert len(opened(hub)) == 1


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"title": " "}, "Enter a title."),
        ({"others": "nobody, anna"}, "Nobody called nobody reads this repository."),
        ({"target": "gone"}, "There is no branch of this name. Choose one that is there."),
        ({"source": "gone"}, "There is no branch gone any more."),
        ({"source": "main"}, "There is nothing new: main has all of it."),
        ({"source": ""}, "Only a branch can be proposed here."),
    ],
)
def test_what_cannot_be_opened_keeps_what_was_typed(
    app: Flask, hub: Hub, bob: Pusher, branch: str, values: dict[str, str], fault: str
) -> None:
    typed = {"description": "Long words.", "reviewers": "anna", "draft": "on", **values}
    answer = signed_in(app, "bob").submit(COMPARE, action=OPEN, **typed)
    assert answer.status_code == 422
    assert fault in words_of(answer.text)
    (form,) = (one for one in forms_of(answer.text) if one.action == OPEN)
    assert (form.values["reviewers"], form.values["draft"]) == ("anna", "on")
    assert ">Long words.</textarea>" in answer.text
    assert opened(hub) == []


def test_a_tag_and_a_commit_are_no_branch(app: Flask, anna: Pusher, branch: str) -> None:
    anna.push((ZERO, branch, "refs/tags/v1"))
    visitor = signed_in(app, "anna")
    for head in ("v1", branch):
        assert 'id="propose"' not in visitor.get(f"/anna/demo/compare/main...{head}").text
    assert 'id="propose"' not in visitor.get("/anna/demo/compare/main..fix-typo").text
    assert 'id="propose"' not in visitor.get("/anna/demo/compare/fix-typo...main").text


def test_strangers_are_led_to_the_sign_in(app: Flask, hub: Hub, branch: str) -> None:
    page = Visitor(app).get(COMPARE).text
    assert "Sign in to propose" in words_of(page)
    assert "next=/anna/demo/compare/main...fix-typo" in page
    assert not [one for one in forms_of(page) if one.action == OPEN]


@pytest.mark.parametrize(("role", "status"), [(Role.READ, 403), (Role.PROPOSE, 302), (Role.WRITE, 302)])
def test_in_a_private_repository_a_role_decides(
    app: Flask, hub: Hub, branch: str, role: Role, status: int
) -> None:
    with hub.database.writing() as session:
        session.execute(update(Repository).values(visibility=Visibility.PRIVATE))
        make_collaborator(session, session.scalars(select(Repository)).one(), role=role, name="carl")
    visitor = signed_in(app, "carl")
    page = visitor.get(COMPARE).text
    assert ("you need the role propose" in words_of(page)) is (status == 403)
    values = {"csrf_token": token_of(page), "title": "Fix", "source": "fix-typo", "target": "main"}
    assert visitor.post(OPEN, values).status_code == status
    assert len(opened(hub)) == (status == 302)


def test_an_archived_repository_takes_no_change(app: Flask, hub: Hub, branch: str) -> None:
    with hub.database.writing() as session:
        settings.archive(session, SYSTEM, session.scalars(select(Repository)).one())
    assert "nothing is proposed to it any more" in words_of(signed_in(app, "anna").get(COMPARE).text)


@pytest.fixture
def fork(hub: Hub, anna: Pusher, bob: Pusher) -> Pusher:
    """bob, who pushes to bob/demo, his fork."""
    with hub.database.writing() as session:
        origin = open_repository(session, SYSTEM, "anna/demo", need=Permission.SEE)
        made = forking.fork_repository(
            session, bob.viewer, origin, owner=get_user(session, "bob"), name="demo"
        )
        session.flush()
        session.refresh(made)
        session.expunge_all()
    return Pusher(hub, made, bob.viewer, bob.git, bob.work)


def test_a_branch_of_a_fork_is_proposed_to_its_origin(
    app: Flask, hub: Hub, anna: Pusher, fork: Pusher
) -> None:
    fork.git.run("switch", "-qc", "wing", cwd=fork.work)
    commit = fork.git.commit(fork.work, "Grow a wing", {"wing": "x\n"})
    fork.push((ZERO, commit, "refs/heads/wing"))
    visitor = signed_in(app, "bob")
    answer = visitor.submit("/anna/demo/compare/main...bob:wing", action=OPEN)
    assert answer.headers["Location"] == "/anna/demo/changes/1"
    assert anna.refs()["refs/changes/1/1"] == commit
    anna.run(anna.directory, "fsck", "--strict", "--connectivity-only")
    page = words_of(visitor.get("/anna/demo/compare/main...bob:wing").text)
    assert "Change #1 proposes this branch." in page


def test_the_branches_lead_to_their_changes_or_to_the_form(app: Flask, bob: Pusher, branch: str) -> None:
    visitor = signed_in(app, "bob")
    assert f'href="{COMPARE}#propose"' in visitor.get("/anna/demo/branches").text
    visitor.submit(COMPARE, action=OPEN)
    page = visitor.get("/anna/demo/branches").text
    assert "#propose" not in page
    assert "#1 proposes fix-typo" in words_of(page)


def test_a_commit_leads_to_its_change(app: Flask, bob: Pusher, branch: str) -> None:
    visitor = signed_in(app, "bob")
    assert "/changes/" not in visitor.get(f"/anna/demo/commit/{branch}").text.partition("<main")[2]
    visitor.submit(COMPARE, action=OPEN)
    assert "#1 Fix typo in README" in words_of(visitor.get(f"/anna/demo/commit/{branch}").text)
