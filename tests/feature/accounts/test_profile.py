"""What people change about themselves: profile, address, name; and how an account ends."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from hub.access import Role, Scope
from hub.accounts.audit import list_of_person
from hub.accounts.leaving import delete_account
from hub.accounts.models import AccessToken, FormerName, SignIn, SshKey, User
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.clock import now
from hub.repos.actions import grant
from hub.repos.models import Collaborator, Star
from tests.factories import SYSTEM, make_key, make_repository, make_token, make_user, write_key
from tests.git_client import GitClient
from tests.visitor import Visitor, words_of


@pytest.fixture
def anna(app: Flask, hub: Hub) -> Visitor:
    with hub.database.writing() as session:
        make_user(session, "root", is_admin=True)
        make_user(session, "anna")
        make_user(session, "bo")
    return signed_in(app, "anna")


def signed_in(app: Flask, name: str) -> Visitor:
    visitor = Visitor(app)
    visitor.sign_in(name)
    return visitor


def noted(hub: Hub, name: str) -> list[str]:
    with hub.database.reading() as session:
        entries = list_of_person(session, get_user(session, name).id).items
    return [f"{one.actor_name}: {one.what}" for one in entries]


def rename(visitor: Visitor, name: str, old_name: str = "anna") -> TestResponse:
    return visitor.submit("/settings/account", action="/settings/account/name", name=name, old_name=old_name)


def test_profile_is_read_by_everybody_as_plain_text(anna: Visitor, app: Flask, hub: Hub) -> None:
    answer = anna.submit(
        "/settings/profile",
        display_name=" Anna  Ångström ",
        about="I boil water.\r\n\r\n\r\n\r\n<b>Often</b>",
        website="https://example.org/anna",
    )
    assert answer.headers["Location"] == "/settings/profile"
    page = Visitor(app).get("/anna").text
    assert "Anna Ångström" in page
    assert "I boil water.\n\n&lt;b&gt;Often&lt;/b&gt;" in page
    assert '<a href="https://example.org/anna" rel="nofollow noopener ugc">' in page
    assert "/settings/profile" not in page
    assert "Edit profile" in anna.get("/anna").text
    assert noted(hub, "anna")[0] == "anna: changed the profile of anna"


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("display_name", "x" * 101, "At most 100 characters."),
        ("display_name", "an\u202ena", "There is an invisible character in it"),
        ("display_name", "anna\u2066", "There is an invisible character in it"),
        ("display_name", "an\u200bna", "There is an invisible character in it"),
        ("about", "x" * 501, "At most 500 characters."),
        ("about", "one\n\u202etwo", "There is an invisible character in it"),
        ("website", "javascript:alert(1)", "Enter a whole address such as https://example.org."),
        ("website", "data:text/html,x", "Enter a whole address such as https://example.org."),
        ("website", "example.org", "Enter a whole address such as https://example.org."),
        ("website", "https://", "Enter a whole address such as https://example.org."),
        ("website", "https://bank.example@evil.example", "Enter a whole address such as"),
        ("website", "https://[", "Enter a whole address such as https://example.org."),
        ("website", "https://a b", "Enter a whole address such as https://example.org."),
        ("website", "https://example.org/" + "x" * 300, "At most 300 characters."),
    ],
)
def test_profile_form_says_what_cannot_be(
    anna: Visitor, hub: Hub, field: str, value: str, fault: str
) -> None:
    answer = anna.submit("/settings/profile", **{field: value})
    assert answer.status_code == 422
    assert fault in words_of(answer.text)
    assert noted(hub, "anna") == [": made the account anna"]


def test_address_is_changed_and_is_nobody_elses(anna: Visitor, app: Flask, hub: Hub) -> None:
    form = {"path": "/settings/account", "action": "/settings/account/email"}
    for email, fault in (
        ("BO@example.org", "There is an account with this address."),
        ("nonsense", "Enter an address such as anna@example.org."),
    ):
        refused = anna.submit(**form, email=email)
        assert refused.status_code == 422
        assert fault in words_of(refused.text)
    assert anna.submit(**form, email="anna@new.example").status_code == 302
    assert 'value="anna@new.example"' in anna.get("/settings/account").text
    assert "anna@new.example" not in Visitor(app).get("/anna").text
    assert noted(hub, "anna")[0] == "anna: changed the e-mail address of anna"


def test_old_name_leads_to_the_new_one_and_is_kept(anna: Visitor, app: Flask, hub: Hub) -> None:
    assert rename(anna, "anja").status_code == 302
    assert "You are anja now." in anna.get("/settings/account").text
    assert Visitor(app).get("/ANNA?page=1").headers["Location"] == "/anja?page=1"
    assert Visitor(app).sign_in("anna").status_code == 401
    assert Visitor(app).sign_in("anja").status_code == 302
    assert noted(hub, "anja")[0] == "anna: renamed anna to anja"
    bo = signed_in(app, "bo")
    refused = rename(bo, "Anna", "bo")
    assert "Somebody had this name until lately. It is kept for them until" in words_of(refused.text)
    assert rename(anna, "anna", "anja").status_code == 302
    assert Visitor(app).get("/anja").headers["Location"] == "/anna"


def test_name_that_was_left_long_ago_leads_on_until_somebody_takes_it(
    anna: Visitor, app: Flask, hub: Hub
) -> None:
    rename(anna, "anja")
    with hub.database.writing() as session:
        session.execute(update(FormerName).values(left_at=now() - timedelta(days=91)))
    assert Visitor(app).get("/anna").headers["Location"] == "/anja"
    assert rename(signed_in(app, "bo"), "anna", "bo").status_code == 302
    assert Visitor(app).get("/anna").status_code == 200


@pytest.mark.parametrize(
    ("name", "old_name", "fault"),
    [
        ("anja", "bo", "Type anna here to confirm."),
        ("anja", "", "Type anna here to confirm."),
        ("anna", "anna", "This is the name already."),
        ("bo", "anna", "This name is taken. Choose another one."),
        ("b-o", "anna", "This looks like “bo”, who is here already"),
        ("admin", "anna", "“admin” is kept for an address of the hub."),
        ("änna", "anna", "A name has letters from A to Z, digits"),
    ],
)
def test_rename_is_refused_in_words(anna: Visitor, name: str, old_name: str, fault: str) -> None:
    refused = rename(anna, name, old_name)
    assert refused.status_code == 422
    assert fault in words_of(refused.text)
    assert anna.get("/anna").status_code == 200


def test_letters_of_ones_own_name_change_their_case_freely(anna: Visitor, hub: Hub) -> None:
    for name, old in (("Anna", "anna"), ("ANNA", "Anna"), ("an-na", "ANNA")):
        assert rename(anna, name, old).status_code == 302
    with hub.database.reading() as session:
        assert list(session.scalars(select(FormerName.name_key))) == ["anna"]


def test_nobody_keeps_many_names_from_others(anna: Visitor, hub: Hub) -> None:
    for old, name in (("anna", "one"), ("one", "two"), ("two", "three")):
        assert rename(anna, name, old).status_code == 302
    refused = rename(anna, "four", "three")
    assert "3 names are kept for you already, and that is the most." in words_of(refused.text)
    assert rename(anna, "one", "three").status_code == 302
    with hub.database.writing() as session:
        session.execute(
            update(FormerName).where(FormerName.name_key == "anna").values(left_at=now() - timedelta(days=91))
        )
    assert rename(anna, "four", "one").status_code == 302


def fill(hub: Hub, git: GitClient) -> None:
    with hub.database.writing() as session:
        anna, bo = get_user(session, "anna"), get_user(session, "bo")
        make_token(session, anna)
        make_key(session, anna, git.folder / "key")
        kettle = make_repository(session, bo, "kettle")
        grant(session, SYSTEM, kettle, anna, role=Role.WRITE)
        session.add(Star(repository_id=kettle.id, user_id=anna.id, created_at=now()))
        anna.about, anna.website = "I boil water.", "https://example.org"


def test_account_ends_and_leaves_nothing_personal(
    anna: Visitor, app: Flask, hub: Hub, git: GitClient
) -> None:
    fill(hub, git)
    elsewhere = signed_in(app, "anna")
    page = anna.submit("/settings/account", action="/settings/account/delete", typed_name="anna")
    assert page.headers["Location"] == "/"
    assert "Your account is deleted." in anna.get("/").text
    for visitor in (anna, elsewhere):
        assert visitor.get("/settings/keys").status_code == 302
    assert Visitor(app).sign_in("anna").status_code == 401
    assert Visitor(app).get("/anna").status_code == 404
    with hub.database.reading() as session:
        user = session.scalars(select(User).where(User.deleted_at.is_not(None))).one()
        left = {value for value in vars(user).values() if isinstance(value, str)}
        assert left == {f"deleted-{user.id}", "", "person"}
        assert user.password_hash is None
        for rows in (AccessToken, SshKey, SignIn, Collaborator, Star):
            assert session.scalar(select(func.count()).select_from(rows)) == 0, rows
    shown = words_of(Visitor(app).get(f"/deleted-{user.id}").text)
    assert "Deleted account" in shown
    assert "anna" not in shown
    assert rename(signed_in(app, "bo"), "anna", "bo").status_code == 422


def test_account_that_owns_repositories_is_not_deleted_by_its_person(anna: Visitor, hub: Hub) -> None:
    with hub.database.writing() as session:
        repository = make_repository(session, get_user(session, "anna"), "kettle")
        make_repository(session, get_user(session, "anna"), "pot")
    page = anna.get("/settings/account")
    assert "2 repositories are yours still. Transfer or delete them first." in words_of(page.text)
    with anna.client.session_transaction() as cookie:
        values: dict[str, object] = {"csrf_token": cookie["csrf"], "typed_name": "anna"}
    refused = anna.post("/settings/account/delete", values)
    assert refused.status_code == 409
    assert "The account was not deleted." in refused.text
    with hub.database.writing() as session:
        session.merge(repository).deleted_at = now()
    assert "A repository is yours still." in words_of(anna.get("/settings/account").text)


def test_deletion_asks_for_the_name(anna: Visitor) -> None:
    refused = anna.submit("/settings/account", action="/settings/account/delete", typed_name="bo")
    assert refused.status_code == 422
    assert "Type anna here to confirm." in words_of(refused.text)


def test_last_administrator_cannot_leave(anna: Visitor, app: Flask) -> None:
    root = signed_in(app, "root")
    assert "root is the last administrator." in words_of(root.get("/settings/account").text)


def test_tombstone_of_one_leaves_room_for_the_next(hub: Hub) -> None:
    with hub.database.writing() as session:
        for _ in range(2):
            user = make_user(session, "anna")
            delete_account(session, SYSTEM, user)
            session.execute(update(FormerName).values(left_at=now() - timedelta(days=90)))
    with hub.database.reading() as session:
        assert len(session.scalars(select(User)).all()) == 2


def test_sensitive_pages_ask_for_a_proof_and_tokens_are_not_asked(
    anna: Visitor, app: Flask, hub: Hub
) -> None:
    with hub.database.writing() as session:
        secret = make_token(session, get_user(session, "anna"), scopes=frozenset({Scope.ACCOUNT}))
        session.execute(update(SignIn).values(proved_at=now() - timedelta(minutes=16)))
    for path in ("/settings/account", "/settings/keys", "/settings/tokens"):
        assert re.match(r"/-/prove\?next=", anna.get(path).headers["Location"])
        assert Visitor(app, Authorization=f"token {secret}").get(path).status_code == 200
    assert anna.get("/settings/profile").status_code == 200


def test_own_log_tells_what_happened_to_the_account(anna: Visitor, app: Flask, tmp_path: Path) -> None:
    anna.submit("/settings/tokens", label="laptop", scopes=["all"], expiry="30", reach="all")
    anna.submit("/settings/tokens", action="/settings/tokens/1/revoke")
    anna.submit("/settings/keys", title="desk", key=write_key(tmp_path / "key"))
    anna.submit("/settings/keys", action="/settings/keys/1/remove")
    anna.submit("/settings/profile", display_name="Anna")
    log = words_of(anna.get("/settings/log").text)
    for sentence in (
        "anna changed the profile of anna",
        "anna removed the SSH key “desk” of anna",
        "anna added the SSH key “desk” of anna (SHA256:",
        "anna revoked the token “laptop” of anna",
        "anna made the token “laptop” of anna",
        "The command line made the account anna",
    ):
        assert sentence in log
    assert "anna" not in words_of(signed_in(app, "bo").get("/settings/log").text)


@pytest.mark.parametrize("name", ["supp0rt", "Ad-Min", "secur1ty", "sign.up"])
def test_nobody_looks_like_whoever_runs_the_hub(anna: Visitor, name: str) -> None:
    """The attack: take a name that reads like one of the hub's own, and write to people as its support."""
    answer = rename(anna, name)
    assert answer.status_code == 422
    assert f"“{name}” looks like a name that is kept for an address of the hub." in words_of(answer.text)
