"""Tokens and keys on their pages, and what a token is good for."""

import base64
import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from hub.access import Scope
from hub.accounts import jobs
from hub.accounts.models import AccessToken, SshKey, User
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.clock import now
from tests.factories import make_token, make_user, write_key
from tests.visitor import Visitor, words_of


@pytest.fixture
def anna(app: Flask, hub: Hub) -> Visitor:
    with hub.database.writing() as session:
        make_user(session, "anna")
    visitor = Visitor(app)
    visitor.sign_in("anna")
    return visitor


def token_of(hub: Hub, name: str, *scopes: Scope, expires_in: timedelta | None = None) -> str:
    with hub.database.writing() as session:
        user = get_user(session, name)
        secret = make_token(session, user, scopes=frozenset(scopes or {Scope.ALL}))
        if expires_in is not None:
            session.execute(update(AccessToken).values(expires_at=now() + expires_in))
    return secret


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def test_token_is_shown_once_and_kept_as_a_hash(anna: Visitor, hub: Hub) -> None:
    page = anna.submit("/settings/tokens", label="laptop", scopes=["all"], expiry="30")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    (secret,) = set(re.findall(r"hub_[\w-]{43}", page.text))
    later = anna.get("/settings/tokens").text
    assert "laptop" in later
    assert secret not in later
    with hub.database.reading() as session:
        row = session.scalars(select(AccessToken)).one()
        assert secret.encode() not in row.secret_hash
    assert Visitor(anna.client.application, Authorization=f"token {secret}").get("/new").status_code == 200


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"label": " ", "scopes": ["all"]}, "Enter what the token is for."),
        ({"label": "x" * 101, "scopes": ["all"]}, "At most 100 characters."),
        ({"label": "laptop"}, "Choose at least one thing that the token may do."),
        ({"label": "laptop", "scopes": ["admin"]}, "Choose at least one thing that the token may do."),
        ({"label": "laptop", "scopes": ["everything"]}, "Choose at least one thing that the token may do."),
    ],
)
def test_token_form_says_what_is_missing(anna: Visitor, values: dict[str, object], fault: str) -> None:
    page = anna.submit("/settings/tokens", **values)
    assert page.status_code == 422
    assert fault in words_of(page.text)
    assert "No token yet" in page.text


def test_revoked_token_is_worth_nothing_at_once(anna: Visitor, hub: Hub) -> None:
    script = Visitor(anna.client.application, Authorization=f"token {token_of(hub, 'anna')}")
    assert script.get("/settings/keys").status_code == 200
    anna.submit("/settings/tokens", action="/settings/tokens/1/revoke")
    assert script.get("/settings/keys").status_code == 401


@pytest.mark.parametrize("page", ["/settings/tokens/{token}/revoke", "/settings/keys/{key}/remove"])
def test_credentials_of_others_are_not_there(anna: Visitor, hub: Hub, tmp_path: Path, page: str) -> None:
    with hub.database.writing() as session:
        bo = make_user(session, "bo")
        make_token(session, bo)
        session.add(
            SshKey(
                user_id=bo.id, title="x", kind="x", fingerprint="SHA256:x", public_key="", created_at=now()
            )
        )
        session.flush()
    ids = {"token": 1, "key": 1}
    anna.get("/")
    with anna.client.session_transaction() as cookie:
        csrf = cookie["csrf"]
    assert anna.post(page.format(**ids), {"csrf_token": csrf}).status_code == 404
    with hub.database.reading() as session:
        assert len(session.scalars(select(AccessToken)).all()) == 1
        assert len(session.scalars(select(SshKey)).all()) == 1


def test_key_is_shown_with_its_fingerprint_and_removed(anna: Visitor, hub: Hub, tmp_path: Path) -> None:
    line = write_key(tmp_path / "key")
    answer = anna.submit("/settings/keys", title="", key=f"{line} anna@laptop\n")
    assert answer.headers["Location"] == "/settings/keys"
    page = words_of(anna.get("/settings/keys").text)
    assert "The key “anna@laptop” is added." in page
    assert re.search(r"ssh-ed25519 SHA256:[\w+/]{43}", page)
    anna.submit("/settings/keys", action="/settings/keys/1/remove")
    assert "No key yet" in anna.get("/settings/keys").text


def test_private_key_is_refused_and_does_not_come_back_in_the_page(anna: Visitor) -> None:
    pasted = (
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----"
    )
    page = anna.submit("/settings/keys", title="laptop", key=pasted)
    assert page.status_code == 422
    assert "This is a private key." in words_of(page.text)
    assert "b3BlbnNza" not in page.text
    assert 'value="laptop"' in page.text


def test_key_belongs_to_one_person_who_is_not_named(anna: Visitor, hub: Hub, tmp_path: Path) -> None:
    line = write_key(tmp_path / "key")
    assert anna.submit("/settings/keys", title="mine", key=line).status_code == 302
    again = anna.submit("/settings/keys", title="again", key=line + " other comment")
    assert "You added this key before, as “mine”." in words_of(again.text)
    with hub.database.writing() as session:
        make_user(session, "bo")
    bo = Visitor(anna.client.application)
    bo.sign_in("bo")
    refused = bo.submit("/settings/keys", title="mine", key=line)
    assert "This key is in use by another account." in words_of(refused.text)
    assert "anna" not in refused.text.replace(line, "")


@pytest.mark.parametrize("form", ["token {}", "Token {}", "Bearer {}", "bearer {}"])
def test_token_works_as_the_person_would_be_signed_in(app: Flask, hub: Hub, anna: Visitor, form: str) -> None:
    secret = token_of(hub, "anna")
    script = Visitor(app, Authorization=form.format(secret))
    assert "No key yet" in script.get("/settings/keys").text


def test_token_works_as_either_part_of_a_basic_pair(app: Flask, hub: Hub, anna: Visitor) -> None:
    secret = token_of(hub, "anna")
    pairs = [("anna", secret), (secret, ""), (secret, "x-oauth-basic"), ("x-access-token", secret)]
    answers = [Visitor(app, Authorization=basic(*pair)).get("/settings/keys").status_code for pair in pairs]
    assert answers == [200, 200, 200, 200]


def test_token_needs_no_csrf_token(app: Flask, hub: Hub, anna: Visitor) -> None:
    script = Visitor(app, Authorization=f"token {token_of(hub, 'anna')}", Sec_Fetch_Site="cross-site")
    answer = script.post("/new", {"name": "demo", "visibility": "private"})
    assert answer.headers["Location"] == "/anna/demo"


@pytest.mark.parametrize(
    "header",
    [
        "token hub_" + "A" * 43,
        "token nonsense",
        "token",
        "Bearer",
        basic("anna", "a long and dull password"),
        "Basic !!!",
        "Digest username=anna",
        "",
    ],
)
def test_credentials_that_are_not_valid_are_refused_even_beside_a_cookie(anna: Visitor, header: str) -> None:
    for path in ("/", "/settings/keys", "/anna", "/no/such"):
        answer = anna.get(path, Authorization=header)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="hub"'
        assert "Scripts sign in with an access token, never with a password." in answer.text


def test_expired_token_is_refused(app: Flask, hub: Hub, anna: Visitor) -> None:
    valid = token_of(hub, "anna", expires_in=timedelta(minutes=1))
    assert Visitor(app, Authorization=f"token {valid}").get("/settings/keys").status_code == 200
    expired = token_of(hub, "anna", expires_in=timedelta(0))
    assert Visitor(app, Authorization=f"token {expired}").get("/settings/keys").status_code == 401
    assert "Expired" in anna.get("/settings/tokens").text


def test_token_of_a_suspended_person_is_refused(app: Flask, hub: Hub, anna: Visitor) -> None:
    secret = token_of(hub, "anna")
    with hub.database.writing() as session:
        session.execute(update(User).values(is_suspended=True))
    assert Visitor(app, Authorization=f"token {secret}").get("/").status_code == 401


@pytest.mark.parametrize(
    ("path", "reaching"),
    [
        ("/", {Scope.ALL, Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE}),
        ("/anna", {Scope.ALL, Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE}),
        ("/new", {Scope.ALL, Scope.REPOSITORY_WRITE}),
        ("/settings/keys", {Scope.ALL, Scope.ACCOUNT}),
        ("/settings/tokens", {Scope.ALL, Scope.ACCOUNT}),
        ("/settings/password", {Scope.ALL, Scope.ACCOUNT}),
        ("/help", set(Scope)),
    ],
)
def test_token_reaches_as_far_as_its_scope(
    app: Flask, hub: Hub, anna: Visitor, path: str, reaching: set[Scope]
) -> None:
    scripts = {one: Visitor(app, Authorization=f"token {token_of(hub, 'anna', one)}") for one in Scope}
    answers = {scope: script.get(path) for scope, script in scripts.items()}
    assert {scope for scope, answer in answers.items() if answer.status_code == 200} == reaching
    refused = [answer for scope, answer in answers.items() if scope not in reaching]
    assert all(answer.status_code == 403 for answer in refused)
    assert all("It lacks the scope" in answer.text for answer in refused)


def test_token_makes_none_that_may_do_more_than_itself(app: Flask, hub: Hub, anna: Visitor) -> None:
    script = Visitor(app, Authorization=f"token {token_of(hub, 'anna', Scope.ACCOUNT)}")
    refused = script.post("/settings/tokens", {"label": "more", "scopes": "all"})
    assert refused.status_code == 403
    assert "A token cannot make one that may do more than itself." in refused.text
    made = script.post("/settings/tokens", {"label": "same", "scopes": "account"})
    assert made.status_code == 200


def test_use_of_a_token_is_noted_by_the_worker_at_most_every_ten_minutes(
    app: Flask, hub: Hub, anna: Visitor
) -> None:
    script = Visitor(app, Authorization=f"token {token_of(hub, 'anna')}")
    script.get("/help")
    script.get("/")
    assert hub.queue.huey.pending_count() == 2
    jobs.note_token_use.function(hub.database, 1)
    with hub.database.reading() as session:
        first = session.get_one(AccessToken, 1).last_used_at
    jobs.note_token_use.function(hub.database, 1)
    script.get("/")
    assert hub.queue.huey.pending_count() == 2
    with hub.database.reading() as session:
        assert session.get_one(AccessToken, 1).last_used_at == first


def test_token_in_the_address_is_not_looked_at(app: Flask, hub: Hub, anna: Visitor) -> None:
    secret = token_of(hub, "anna")
    for name in ("token", "access_token", "private_token"):
        assert Visitor(app).get(f"/settings/keys?{name}={secret}").status_code == 302


@pytest.mark.parametrize(
    ("scopes", "status"),
    [
        ((Scope.ACCOUNT,), 403),
        ((Scope.ACCOUNT, Scope.REPOSITORY_READ), 403),
        ((Scope.ACCOUNT, Scope.REPOSITORY_WRITE), 302),
        ((Scope.ALL,), 302),
    ],
)
def test_token_adds_no_key_that_may_do_more_than_itself(
    app: Flask, anna: Visitor, hub: Hub, tmp_path: Path, scopes: tuple[Scope, ...], status: int
) -> None:
    """The attack: a token that may not touch repositories adds an SSH key, which pushes to all of them."""
    secret = token_of(hub, "anna", *scopes)
    key = write_key(tmp_path / "key")
    answer = Visitor(app, Authorization=f"token {secret}").post("/settings/keys", {"key": key})
    assert answer.status_code == status
    with hub.database.reading() as session:
        assert len(session.scalars(select(SshKey)).all()) == (status == 302)


@pytest.mark.parametrize("path", ["/settings/tokens/{}/revoke", "/settings/keys/{}/remove"])
@pytest.mark.each_value
@pytest.mark.parametrize("number", [2**31, 2**63, 10**30])
def test_number_that_no_database_keeps_is_not_there(
    app: Flask, anna: Visitor, hub: Hub, path: str, number: int
) -> None:
    """The attack: a number beyond what the database's column holds made an error of the hub."""
    script = Visitor(app, Authorization=f"token {token_of(hub, 'anna')}")
    assert script.post(path.format(number)).status_code == 404
