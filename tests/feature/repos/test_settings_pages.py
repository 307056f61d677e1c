"""The settings of a repository: each form, what it refuses, and who may open it."""

import subprocess
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from hub.access import Role, Scope, Visibility
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.repos.git.store import directory
from hub.repos.models import RefRule, Repository
from tests.factories import make_collaborator, make_token
from tests.feature.repos.pushing import ZERO, Pusher
from tests.visitor import Visitor, words_of

Browser = Callable[[str], Visitor]
SETTINGS = "/anna/demo/settings"
OWNERS_PAGES = ("visibility", "rename", "transfer", "delete", "people", "log")


def row(hub: Hub, repository: Repository) -> Repository:
    with hub.database.reading() as session:
        return session.get_one(Repository, repository.id)


def git_head(hub: Hub, repository: Repository) -> str:
    return (directory(hub.config, repository) / "HEAD").read_text().strip()


@pytest.fixture
def two_branches(pusher: Pusher) -> str:
    """main and topic, at one commit."""
    first = pusher.git.head(pusher.work)
    pusher.push((ZERO, first, "refs/heads/main"))
    pusher.push((ZERO, first, "refs/heads/topic"))
    return first


def test_description_is_changed_and_noted(browser: Browser, hub: Hub, repository: Repository) -> None:
    anna = browser("anna")
    answer = anna.submit(SETTINGS, description="  What  it is. ")
    assert answer.headers["Location"] == SETTINGS
    page = anna.get(SETTINGS)
    assert "The description is changed." in words_of(page.text)
    assert row(hub, repository).description == "What it is."
    assert "anna changed the description" in words_of(anna.get(f"{SETTINGS}/log").text)


def test_a_description_that_is_too_long_stays_in_the_form(browser: Browser, repository: Repository) -> None:
    answer = browser("anna").submit(SETTINGS, description="x" * 501)
    assert answer.status_code == 422
    assert "Use at most 500 characters." in words_of(answer.text)
    assert "x" * 501 in answer.text


def test_default_branch_moves_for_pages_and_git_and_both_are_protected(
    browser: Browser, hub: Hub, repository: Repository, two_branches: str
) -> None:
    anna = browser("anna")
    answer = anna.submit(SETTINGS, action=f"{SETTINGS}/default-branch", default_branch="topic")
    assert answer.status_code == 302
    assert row(hub, repository).default_branch == "topic"
    assert git_head(hub, repository) == "ref: refs/heads/topic"
    with hub.database.reading() as session:
        assert sorted(session.scalars(select(RefRule.pattern))) == ["main", "topic"]
    assert "anna made topic the default branch instead of main" in words_of(anna.get(f"{SETTINGS}/log").text)


@pytest.mark.parametrize(
    "name", ["gone", "", "../../HEAD", "../heads/topic", "./topic", "topic\nref: x", "topic/../main", "@{-1}"]
)
def test_a_default_branch_that_is_not_there_is_refused(
    browser: Browser, hub: Hub, repository: Repository, two_branches: str, name: str
) -> None:
    """Attack: a name that leads to another file of the repository, or writes a second line into HEAD."""
    answer = browser("anna").submit(SETTINGS, action=f"{SETTINGS}/default-branch", default_branch=name)
    assert answer.status_code == 422
    assert "There is no branch of this name any more." in words_of(answer.text)
    assert git_head(hub, repository) == "ref: refs/heads/main"


def test_default_branch_of_an_empty_repository_is_what_is_pushed_first(
    browser: Browser, repository: Repository
) -> None:
    page = browser("anna").get(SETTINGS).text
    assert "The branch that is pushed first becomes the default one." in words_of(page)
    assert 'name="default_branch"' not in page


def test_default_branch_stays_while_git_holds_its_lock(
    browser: Browser, hub: Hub, repository: Repository, two_branches: str
) -> None:
    lock = directory(hub.config, repository) / "HEAD.lock"
    lock.touch()
    answer = browser("anna").submit(SETTINGS, action=f"{SETTINGS}/default-branch", default_branch="topic")
    assert answer.status_code == 503
    lock.unlink()
    assert row(hub, repository).default_branch == "main"
    assert git_head(hub, repository) == "ref: refs/heads/main"


@pytest.mark.parametrize("chosen", ["private", "public"])
def test_visibility_is_set(browser: Browser, hub: Hub, repository: Repository, chosen: str) -> None:
    page = f"{SETTINGS}/visibility"
    answer = browser("anna").submit(page, visibility=chosen)
    assert answer.headers["Location"] == SETTINGS
    assert row(hub, repository).visibility == chosen
    assert (browser("eve").get("/anna/demo").status_code == 200) is (chosen == "public")


def test_a_visibility_that_does_not_exist_is_refused(
    browser: Browser, hub: Hub, repository: Repository
) -> None:
    answer = browser("anna").submit(f"{SETTINGS}/visibility", visibility="secret")
    assert answer.status_code == 422
    assert "Choose who may see the repository." in words_of(answer.text)
    assert row(hub, repository).visibility is Visibility.PUBLIC


def test_an_archived_repository_is_read_only_in_words_until_it_is_brought_back(
    browser: Browser, hub: Hub, repository: Repository, two_branches: str
) -> None:
    anna = browser("anna")
    anna.submit(SETTINGS, action=f"{SETTINGS}/archive")
    assert "Archived: this repository is read-only" in words_of(browser("eve").get("/anna/demo").text)
    assert 'name="description"' not in anna.get(SETTINGS).text
    anna.submit(SETTINGS, action=f"{SETTINGS}/unarchive")
    assert row(hub, repository).archived_at is None
    assert "read-only" not in words_of(anna.get("/anna/demo").text)


@pytest.mark.parametrize("role", [None, *Role])
def test_pages_open_for_those_who_may_use_them(
    browser: Browser, hub: Hub, repository: Repository, role: Role | None
) -> None:
    name = "eve"
    if role is not None:
        with hub.database.writing() as session:
            name = make_collaborator(session, session.get_one(Repository, repository.id), role=role).name
    visitor = browser(name)
    may_describe = role in (Role.MAINTAIN, Role.OWN)
    assert visitor.get(SETTINGS).status_code == (200 if may_describe else 403)
    assert (f'href="{SETTINGS}"' in visitor.get("/anna/demo").text) is may_describe
    expected = 200 if role is Role.OWN else 403
    answers = {page: visitor.get(f"{SETTINGS}/{page}").status_code for page in OWNERS_PAGES}
    assert answers == dict.fromkeys(OWNERS_PAGES, expected)


def test_nobody_learns_of_a_private_repository_by_its_settings(
    browser: Browser, private_repository: Repository
) -> None:
    eve = browser("eve")
    for page in ("", *(f"/{one}" for one in OWNERS_PAGES)):
        assert eve.get(f"/anna/secret/settings{page}").status_code == 404


def test_form_of_a_maintainer_does_what_an_owner_alone_may_not(
    browser: Browser, hub: Hub, repository: Repository
) -> None:
    """Attack: a maintainer sends the owner's forms by hand, with a token of their own pages."""
    with hub.database.writing() as session:
        name = make_collaborator(session, session.get_one(Repository, repository.id), role=Role.MAINTAIN).name
    visitor = browser(name)
    with visitor.client.session_transaction() as cookie:
        token = cookie["csrf"]
    for act in ("visibility", "rename", "transfer", "delete", "archive", "people"):
        answer = visitor.post(
            f"{SETTINGS}/{act}",
            {"csrf_token": token, "visibility": "private", "name": "x", "person": name, "role": "own",
             "confirm": "anna/demo"},
        )  # fmt: skip
        assert answer.status_code == 403, act
    after = row(hub, repository)
    assert (after.visibility, after.name, after.archived_at) == (Visibility.PUBLIC, "demo", None)


@pytest.mark.parametrize(("scope", "expected"), [(Scope.REPOSITORY_WRITE, 403), (Scope.ALL, 302)])
@pytest.mark.parametrize(
    ("act", "values"),
    [
        ("visibility", {"visibility": "private"}),
        ("rename", {"name": "other"}),
        ("delete", {"confirm": "anna/demo"}),
        ("archive", {}),
        ("people", {"person": "bo", "role": "maintain"}),
    ],
)
def test_a_token_for_pushing_gives_nothing_away(
    browser: Browser, app: Flask, hub: Hub, repository: Repository, scope: Scope, expected: int,
    act: str, values: dict[str, str],
) -> None:  # fmt: skip
    """Attack: the token of a build leaks, and whoever finds it deletes or shares the repository."""
    browser("bo")
    with hub.database.writing() as session:
        token = make_token(session, get_user(session, "anna"), scopes=frozenset({scope}))
    answer = Visitor(app).post(f"{SETTINGS}/{act}", dict(values), Authorization=f"token {token}")
    assert answer.status_code == expected, answer.text
    assert ("does not reach that far" in answer.text) is (expected == 403)


def test_git_clones_the_new_default_branch(
    browser: Browser, hub: Hub, repository: Repository, two_branches: str, pusher: Pusher
) -> None:
    browser("anna").submit(SETTINGS, action=f"{SETTINGS}/default-branch", default_branch="topic")
    target = pusher.git.folder / "cloned"
    subprocess.run(("git", "clone", "-q", str(directory(hub.config, repository)), str(target)), check=True)
    branch = subprocess.run(
        ("git", "-C", str(target), "branch", "--show-current"), capture_output=True, check=True, text=True
    )
    assert branch.stdout.strip() == "topic"
