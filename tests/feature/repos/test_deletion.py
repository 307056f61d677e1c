"""A repository is deleted, gone for everybody at once, and brought back by an administrator."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from hub.access import Permission, Role, Visibility
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.clock import now
from hub.errors import Conflict, Forbidden, NotFound
from hub.repos import lists
from hub.repos.access import open_repository
from hub.repos.models import Invitation, Repository
from hub.repos.settings import deletion
from tests.factories import SYSTEM, make_collaborator, make_repository
from tests.visitor import Visitor, words_of

Browser = Callable[[str], Visitor]
DELETE = "/anna/demo/settings/delete"


def delete(hub: Hub, repository: Repository) -> None:
    with hub.database.writing() as session:
        deletion.delete_repository(session, SYSTEM, session.get_one(Repository, repository.id))


def test_deleted_repository_is_gone_for_everybody_at_once(
    browser: Browser, hub: Hub, repository: Repository
) -> None:
    anna, eve = browser("anna"), browser("eve")
    answer = anna.submit(DELETE, confirm="anna/demo")
    assert answer.headers["Location"] == "/"
    page = words_of(anna.get("/").text)
    assert "anna/demo is deleted. An administrator can bring it back within 30 days." in page
    for visitor in (anna, eve, browser("root")):
        assert visitor.get("/anna/demo").status_code == 404
        assert "demo" not in visitor.get("/anna").text.split("<main")[1]
        assert 'href="/anna/demo"' not in visitor.get("/explore").text
    with hub.database.reading() as session, pytest.raises(NotFound):
        open_repository(session, SYSTEM, repository.id, need=Permission.SEE)
    assert "deleted the repository anna/demo" in words_of(anna.get("/settings/log").text)


@pytest.mark.parametrize("typed", ["", "demo", "anna/demo.git", "anna/other"])
def test_what_is_not_typed_is_not_deleted(
    browser: Browser, hub: Hub, repository: Repository, typed: str
) -> None:
    anna = browser("anna")
    answer = anna.submit(DELETE, confirm=typed)
    assert answer.status_code == 422
    assert "Type anna/demo, to show that you mean this one." in words_of(answer.text)
    assert anna.get("/anna/demo").status_code == 200


def test_administrator_brings_it_back_with_its_people(
    browser: Browser, hub: Hub, private_repository: Repository
) -> None:
    with hub.database.writing() as session:
        row = session.get_one(Repository, private_repository.id)
        reader = make_collaborator(session, row, role=Role.READ).name
    delete(hub, private_repository)
    root = browser("root")
    page = words_of(root.get("/admin/repositories").text)
    assert "anna / secret" in page
    assert "removed in 30 days" in page
    number = private_repository.id
    answer = root.submit("/admin/repositories", action=f"/admin/repositories/{number}/restore")
    assert answer.status_code == 302
    assert browser("anna").get("/anna/secret").status_code == 200
    assert browser(reader).get("/anna/secret").status_code == 200
    assert browser("eve").get("/anna/secret").status_code == 404


def test_it_comes_back_under_another_name_where_its_own_is_taken(
    browser: Browser, hub: Hub, repository: Repository
) -> None:
    delete(hub, repository)
    with hub.database.writing() as session:
        make_repository(session, get_user(session, "anna"), "demo")
    root, action = browser("root"), f"/admin/repositories/{repository.id}/restore"
    refused = root.submit("/admin/repositories", action=action)
    assert refused.status_code == 422
    assert "anna already has a repository named demo." in words_of(refused.text)
    assert root.submit("/admin/repositories", action=action, name="demo-again").status_code == 302
    assert browser("anna").get("/anna/demo-again").status_code == 200


def test_too_late_is_too_late(hub: Hub, repository: Repository) -> None:
    delete(hub, repository)
    with hub.database.writing() as session:
        session.execute(update(Repository).values(deleted_at=now() - timedelta(days=31)))
        with pytest.raises(Conflict, match="more than 30 days ago"):
            deletion.restore_repository(session, SYSTEM, repository.id)


@pytest.mark.parametrize("name", ["anna", "eve"])
def test_only_administrators_see_what_was_deleted(
    browser: Browser, hub: Hub, repository: Repository, name: str
) -> None:
    delete(hub, repository)
    visitor = browser(name)
    assert visitor.get("/admin/repositories").status_code == 403
    with visitor.client.session_transaction() as cookie:
        token = cookie["csrf"]
    answer = visitor.post(f"/admin/repositories/{repository.id}/restore", {"csrf_token": token, "name": ""})
    assert answer.status_code == 403
    with hub.database.reading() as session:
        assert session.get_one(Repository, repository.id).deleted_at is not None
        with pytest.raises(Forbidden):
            deletion.list_deleted(session, get_user(session, name).viewer())


def test_what_is_there_is_not_restored(hub: Hub, repository: Repository) -> None:
    with hub.database.writing() as session:
        for number in (repository.id, 999):
            with pytest.raises(NotFound, match="No deleted repository has the number"):
                deletion.restore_repository(session, SYSTEM, number)


def test_invitations_to_a_deleted_repository_are_gone(
    browser: Browser, hub: Hub, repository: Repository
) -> None:
    bo = browser("bo")
    browser("anna").submit("/anna/demo/settings/people", person="bo", role="read")
    assert "anna/demo" in bo.get("/invitations").text
    delete(hub, repository)
    assert "anna/demo" not in bo.get("/invitations").text
    with hub.database.reading() as session:
        assert session.query(Invitation).count() == 0


def test_its_name_is_free_at_once(hub: Hub, repository: Repository) -> None:
    delete(hub, repository)
    with hub.database.writing() as session:
        anna = get_user(session, "anna")
        made = make_repository(session, anna, "demo", visibility=Visibility.PRIVATE)
        assert made.id != repository.id
        assert [one.name for one in lists.list_mine(session, anna.viewer()).items] == ["demo"]
