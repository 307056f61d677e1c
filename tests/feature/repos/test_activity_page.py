"""The page of a repository's pushes: grouped, linked while there is something there, a page at a time."""

import re

import pytest
from flask import Flask

from hub.access import Permission
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.repos.access import open_repository
from hub.repos.git.store import directory
from hub.repos.models import ZERO_ID
from hub.repos.pushes import RefUpdate
from hub.repos.receive import update_refs
from tests.factories import SYSTEM, make_repository, make_user
from tests.git_client import GitClient
from tests.visitor import Visitor, words_of


@pytest.fixture
def ids(hub: Hub, git: GitClient) -> list[str]:
    """Three commits that are in the store of anna/demo; main was made at the first, and a tag."""
    with hub.database.writing() as session:
        folder = directory(hub.config, make_repository(session, make_user(session, "anna"), "demo"))
    work = git.init()
    ids = [git.commit(work, message) for message in ("One", "Two", "Three")]
    git.run("push", "--quiet", str(folder), "main:refs/changes/1/1", cwd=work)
    move(hub, ("refs/heads/main", ZERO_ID, ids[0]), ("refs/tags/v1", ZERO_ID, ids[0]))
    return ids


def move(hub: Hub, *updates: tuple[str, str, str]) -> None:
    """A push of anna's."""
    with hub.database.writing() as session:
        repository = open_repository(session, SYSTEM, "anna/demo", need=Permission.SEE)
        viewer = get_user(session, "anna").viewer()
        update_refs(session, viewer, repository, [RefUpdate(*one) for one in updates])


def test_what_a_push_moved_stands_together(app: Flask, hub: Hub, ids: list[str]) -> None:
    move(hub, ("refs/heads/main", ids[0], ids[1]))
    page = Visitor(app).get("/anna/demo/activity").text

    words = words_of(page)
    assert words.index(f"main {ids[1][:8]} compare") < words.index(f"main new {ids[0][:8]}")
    assert page.count('<li class="push">') == 2
    assert f'href="/anna/demo/compare/{ids[0]}...{ids[1]}"' in page
    assert "Created" in words


def test_commits_that_nothing_leads_to_any_more_are_not_linked(app: Flask, hub: Hub, ids: list[str]) -> None:
    move(hub, ("refs/heads/topic", ZERO_ID, ids[2]))
    move(hub, ("refs/heads/topic", ids[2], ZERO_ID))
    page = Visitor(app).get("/anna/demo/activity").text
    assert "topic" in words_of(page)
    assert ids[2] not in page


def test_fifty_pushes_a_page(app: Flask, hub: Hub, ids: list[str]) -> None:
    for number in range(50):
        move(hub, (f"refs/tags/t{number}", ZERO_ID, ids[0]))
    visitor = Visitor(app)
    first = visitor.get("/anna/demo/activity").text
    (older,) = re.findall(r'rel="next nofollow" href="(\?before=\d+)"', first)
    second = visitor.get(f"/anna/demo/activity{older}").text
    assert first.count('<li class="push">') == 50
    assert second.count('<li class="push">') == 1
    assert "Created" in words_of(second)
    assert "Created" not in words_of(first)


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "1.5", "\u0661"])
def test_page_that_cannot_be(app: Flask, hub: Hub, ids: list[str], before: str) -> None:
    assert Visitor(app).get(f"/anna/demo/activity?before={before}").status_code == 400


def test_empty_repository_says_what_will_be_here(app: Flask, hub: Hub) -> None:
    with hub.database.writing() as session:
        make_repository(session, make_user(session, "anna"), "empty")
    assert "No push yet" in words_of(Visitor(app).get("/anna/empty/activity").text)
