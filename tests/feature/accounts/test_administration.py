"""What administrators see and do about people, and that nobody else knows of it."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from hub.access import Role, Scope
from hub.accounts.audit import list_all
from hub.accounts.credentials import find_key_viewer
from hub.accounts.models import AuditEntry, SignIn
from hub.accounts.people import PeopleFilter, list_everybody
from hub.accounts.people_actions import set_admin
from hub.accounts.profile_actions import rename
from hub.accounts.queries import find_user, get_user
from hub.app import Hub
from hub.clock import now
from hub.errors import Conflict, Invalid
from hub.paging import PAGE_SIZE
from hub.repos.actions import grant
from hub.repos.settings.handover import transfer
from tests.factories import SYSTEM, make_key, make_repository, make_second_step, make_token, make_user
from tests.visitor import Visitor, words_of


@pytest.fixture
def root(app: Flask, hub: Hub) -> Visitor:
    with hub.database.writing() as session:
        make_user(session, "root", is_admin=True)
        make_user(session, "anna")
        make_user(session, "eve").is_pending = True
    return signed_in(app, "root")


def signed_in(app: Flask, name: str) -> Visitor:
    visitor = Visitor(app)
    assert visitor.sign_in(name).status_code == 302
    return visitor


def act(visitor: Visitor, name: str, what: str, **values: str) -> TestResponse:
    """Posts the act, whether the page offers it or not."""
    visitor.get("/settings/profile")
    with visitor.client.session_transaction() as cookie:
        token = cookie.get("csrf", "")
    return visitor.post(f"/admin/people/{name}/{what}", {"csrf_token": token, **values})


def last_noted(hub: Hub) -> str:
    with hub.database.reading() as session:
        row = list_all(session).items[0]
    return f"{row.actor_name} {row.what}"


ACTS = ("approve", "decline", "suspend", "restore", "admin", "password", "delete")
PAGES = ("/admin", "/admin/people", "/admin/people/anna", "/admin/log")


def test_pages_and_acts_are_there_for_administrators_only(root: Visitor, app: Flask, hub: Hub) -> None:
    anna = signed_in(app, "anna")
    missing = anna.get("/anna/nothing/here").status_code
    assert {anna.get(path).status_code for path in PAGES} == {missing} == {404}
    assert {act(anna, "eve", one, typed_name="eve").status_code for one in ACTS} == {404}
    assert {Visitor(app).get(path).status_code for path in PAGES} == {302}
    assert {root.get(path).status_code for path in PAGES} == {200}
    with hub.database.writing() as session:
        secret = make_token(session, get_user(session, "root"), scopes=frozenset({Scope.ACCOUNT}))
        whole = make_token(session, get_user(session, "root"), scopes=frozenset({Scope.ADMIN}))
    for token, status in ((secret, 403), (whole, 200)):
        script = Visitor(app, Authorization=f"token {token}")
        assert {script.get(path).status_code for path in PAGES} == {status}
    assert "/admin" in root.get("/").text
    assert "/admin" not in anna.get("/").text


def test_acts_ask_for_a_proof_of_late(root: Visitor, hub: Hub) -> None:
    with hub.database.writing() as session:
        session.execute(update(SignIn).values(proved_at=now() - timedelta(minutes=16)))
        before = session.scalar(select(func.count()).select_from(AuditEntry))
    for one in ACTS:
        answer = act(root, "eve", one, typed_name="eve", is_admin="yes")
        assert answer.headers["Location"].startswith("/-/prove")
    with hub.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == before


def test_former_name_leads_to_the_person(root: Visitor, hub: Hub) -> None:
    with hub.database.writing() as session:
        rename(session, SYSTEM, get_user(session, "anna"), name="anja")
    assert root.get("/admin/people/anna").headers["Location"] == "/admin/people/anja"
    assert "Former names anna" in words_of(root.get("/admin/people/anja").text)


def test_newcomer_is_approved_from_the_queue(root: Visitor, app: Flask, hub: Hub) -> None:
    assert "1 account waits for approval" in words_of(root.get("/admin").text)
    queue = "/admin/people?show=pending"
    assert root.submit(queue, action="/admin/people/eve/approve").status_code == 302
    page = words_of(root.get(queue).text)
    assert "eve can sign in now." in page
    assert "Waiting 0" in page
    assert last_noted(hub) == "root approved the account eve"
    assert signed_in(app, "eve").get("/eve").status_code == 200
    assert act(root, "eve", "approve").status_code == 409


def test_newcomer_is_declined_and_the_name_is_free(root: Visitor, hub: Hub) -> None:
    assert root.submit("/admin/people?show=pending", action="/admin/people/eve/decline").status_code == 302
    assert last_noted(hub) == "root declined the account eve"
    with hub.database.writing() as session:
        assert find_user(session, "eve") is None
        make_user(session, "eve")
    assert act(root, "anna", "decline").status_code == 409
    assert act(root, "nobody-here", "decline").status_code == 404


def test_suspended_person_is_out_everywhere_and_comes_back(
    root: Visitor, app: Flask, hub: Hub, tmp_path: Path
) -> None:
    with hub.database.writing() as session:
        user = get_user(session, "anna")
        script = Visitor(app, Authorization=f"token {make_token(session, user)}")
        fingerprint = make_key(session, user, tmp_path / "key").fingerprint
        user.about = "Buy here"
    anna = signed_in(app, "anna")
    page = "/admin/people/anna"
    assert root.submit(page, action=f"{page}/suspend", reason="spam").headers["Location"] == page
    assert last_noted(hub) == "root suspended anna: spam"
    assert anna.get("/settings/keys").status_code == 302
    assert script.get("/").status_code == 401
    assert "This account is suspended." in Visitor(app).sign_in("anna").text
    assert "Buy here" not in Visitor(app).get("/anna").text
    with hub.database.reading() as session:
        assert find_key_viewer(session, fingerprint) is None
    assert "anna" in words_of(root.get("/admin/people?show=suspended").text)
    assert root.submit(page, action=f"{page}/restore").status_code == 302
    assert last_noted(hub) == "root let anna in again"
    assert script.get("/").status_code == 200
    assert anna.get("/settings/keys").status_code == 302
    assert act(root, "anna", "restore").status_code == 409


def test_administration_is_given_and_taken(root: Visitor, app: Flask, hub: Hub) -> None:
    page = "/admin/people/anna"
    root.submit(page, action=f"{page}/admin")
    assert last_noted(hub) == "root made anna an administrator"
    assert signed_in(app, "anna").get("/admin").status_code == 200
    root.submit(page, action=f"{page}/admin")
    assert last_noted(hub) == "root took administration from anna"
    assert signed_in(app, "anna").get("/admin").status_code == 404
    assert act(root, "eve", "admin", is_admin="yes").status_code == 409


@pytest.mark.parametrize(("what", "values"), [("admin", {}), ("delete", {"typed_name": "root"})])
def test_last_administrator_stays(root: Visitor, hub: Hub, what: str, values: dict[str, str]) -> None:
    refused = act(root, "root", what, **values)
    assert refused.status_code == 409
    assert "root is the last administrator. Make somebody else one first." in words_of(refused.text)
    with hub.database.writing() as session:
        get_user(session, "anna").is_admin = True
        get_user(session, "anna").is_suspended = True
    assert act(root, "root", what, **values).status_code == 409
    with hub.database.writing() as session:
        get_user(session, "anna").is_suspended = False
    assert act(root, "root", what, **values).status_code == 302


def test_of_two_administrators_who_unmake_each_other_one_stays(root: Visitor, hub: Hub) -> None:
    with hub.database.writing() as session:
        get_user(session, "anna").is_admin = True
    both_are_ready = threading.Barrier(2)

    def unmake(name: str) -> bool:
        both_are_ready.wait()
        try:
            with hub.database.writing() as session:
                set_admin(session, SYSTEM, get_user(session, name), is_admin=False)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(unmake, ("root", "anna"))) == [False, True]
    with hub.database.reading() as session:
        assert len(list_everybody(session, SYSTEM, PeopleFilter.ADMINISTRATORS)) == 1


def test_nobody_suspends_themself(root: Visitor) -> None:
    refused = act(root, "root", "suspend")
    assert refused.status_code == 409
    assert "You cannot suspend yourself." in words_of(refused.text)


def test_new_password_is_shown_once_and_signs_out(root: Visitor, app: Flask, hub: Hub) -> None:
    anna = signed_in(app, "anna")
    page = "/admin/people/anna"
    shown = root.submit(page, action=f"{page}/password")
    assert shown.headers["Cache-Control"] == "no-store"
    (password,) = re.findall(r'readonly value="([\w-]{20})"', shown.text)
    assert password not in root.get(page).text
    assert anna.get("/settings/keys").status_code == 302
    assert Visitor(app).sign_in("anna", password).status_code == 302
    assert last_noted(hub) == "root set a new password for anna"


def test_deletion_by_an_administrator_asks_for_the_name_and_leaves_repositories(
    root: Visitor, app: Flask, hub: Hub
) -> None:
    with hub.database.writing() as session:
        anna = get_user(session, "anna")
        tombstone = f"deleted-{anna.id}"
        make_repository(session, anna, "kettle")
        grant(session, SYSTEM, make_repository(session, name="pot"), anna, role=Role.WRITE)
    page = "/admin/people/anna"
    refused = root.submit(page, action=f"{page}/delete", typed_name="ann")
    assert "Type anna here to confirm." in words_of(refused.text)
    assert root.submit(page, action=f"{page}/delete", typed_name="anna").status_code == 302
    assert last_noted(hub) == "root deleted the account anna"
    assert Visitor(app).get(f"/{tombstone}/kettle").status_code == 200
    assert tombstone in words_of(root.get("/admin/people?show=deleted").text)
    assert "What you can do" not in root.get(f"/admin/people/{tombstone}").text
    assert act(root, tombstone, "delete", typed_name=tombstone).status_code == 409
    assert act(root, tombstone, "password").status_code == 409


def test_people_are_found_by_name_and_address_and_paged(root: Visitor, hub: Hub) -> None:
    with hub.database.writing() as session:
        for number in range(PAGE_SIZE):
            make_user(session, f"person{number}", email=f"{number}@mass.example")
        get_user(session, "person7").is_demo = True
    assert "anna@example.org" in words_of(root.get("/admin/people?q=ANNA").text)
    found = root.get("/admin/people?q=%40mass.example&show=all")
    assert f"All {PAGE_SIZE + 3}" in words_of(found.text)
    assert "person7 Demo" in words_of(found.text)
    pages = root.get("/admin/people?q=e&show=all").text
    assert 'href="?show=all&amp;q=e&amp;page=2"' in pages
    for words in ("%25", "_", "x%27%20OR%201=1"):
        assert "Nobody to show" in root.get(f"/admin/people?q={words}").text
    assert root.get("/admin/people?show=nonsense&page=1").status_code == 200


def test_page_of_a_person_counts_what_they_have(root: Visitor, hub: Hub, tmp_path: Path) -> None:
    with hub.database.writing() as session:
        user = get_user(session, "anna")
        make_token(session, user)
        make_key(session, user, tmp_path / "key")
    page = words_of(root.get("/admin/people/anna").text)
    assert "1 SSH key 1 token 0 browsers signed in" in page
    assert "Signs in with a password Has" in page
    assert "added the SSH key “laptop” of anna" in page


@pytest.mark.parametrize("state", ["is_suspended", "is_pending"])
def test_nobody_is_made_the_owner_who_cannot_sign_in(hub: Hub, state: str) -> None:
    with hub.database.writing() as session:
        repository, bo = make_repository(session), make_user(session, "bo")
        setattr(bo, state, True)
        with pytest.raises(Invalid) as refused:
            transfer(session, SYSTEM, repository, bo)
        assert str(refused.value.fields["person"]) == "This account cannot sign in as it is."
        setattr(bo, state, False)
        transfer(session, SYSTEM, repository, bo)
        assert repository.path.startswith("bo/")


@pytest.mark.parametrize("what", ["password", "second-step-off"])
def test_token_of_an_administrator_changes_nothing_about_how_they_sign_in(
    app: Flask, hub: Hub, root: Visitor, what: str
) -> None:
    """The attack: with an administrator's token from a script, give its own person a password, turn their
    second step off, and sign in as them: revoking the token changes nothing about that."""
    with hub.database.writing() as session:
        user = get_user(session, "root")
        make_second_step(session, user)
        header = {"Authorization": f"token {make_token(session, user)}"}
    answer = Visitor(app).post(f"/admin/people/root/{what}", **header)
    assert answer.status_code == 403
    assert "A token cannot change how you sign in" in words_of(answer.text)
    assert Visitor(app).sign_in("root").headers["Location"] == "/login/second-step"
    assert Visitor(app).post(f"/admin/people/anna/{what}", **header).status_code < 400
