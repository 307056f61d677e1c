"""Proving again who one is, before what changes who may do what."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from hub.access import Scope
from hub.accounts.models import SignIn
from hub.app import Hub
from hub.clock import now
from hub.web.scopes import Declaration, needs
from tests.factories import PASSWORD, make_token, make_user
from tests.visitor import Visitor, words_of

WRONG = "This is not your password."


@pytest.fixture
def token(hub: Hub) -> str:
    with hub.database.writing() as session:
        return make_token(session, make_user(session, "anna"))


@pytest.fixture
def app(app: Flask, token: str) -> Flask:
    """The pages, and one more that asks for a proof."""

    @needs(Scope.ACCOUNT, proved=True)
    def sensitive() -> str:
        return "done"

    app.add_url_rule("/-/sensitive", view_func=sensitive, methods=["GET", "POST"])
    return app


@pytest.fixture
def anna(app: Flask, hub: Hub) -> Visitor:
    """anna's browser, in which she signed in sixteen minutes ago."""
    visitor = Visitor(app)
    visitor.sign_in("anna")
    age(hub, timedelta(minutes=16))
    return visitor


def age(hub: Hub, by: timedelta) -> None:
    with hub.database.writing() as session:
        session.execute(update(SignIn).values(proved_at=now() - by))


def test_whoever_signed_in_a_moment_ago_is_not_asked(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.sign_in("anna")
    assert visitor.get("/-/sensitive").text == "done"


def test_page_asks_for_a_proof_and_comes_back(anna: Visitor, hub: Hub) -> None:
    asked = anna.get("/-/sensitive?x=1")
    assert asked.headers["Location"] == "/-/prove?next=/-/sensitive?x%3D1"
    proved = anna.submit(asked.headers["Location"], action="/-/prove", password=PASSWORD)
    assert proved.headers["Location"] == "/-/sensitive?x=1"
    assert anna.get("/-/sensitive?x=1").text == "done"
    age(hub, timedelta(minutes=14))
    assert anna.get("/-/sensitive").text == "done"
    age(hub, timedelta(minutes=15))
    assert anna.get("/-/sensitive").status_code == 302


def test_form_that_was_sent_too_late_changes_nothing_and_leads_back_to_its_page(anna: Visitor) -> None:
    anna.get("/settings/sessions")
    with anna.client.session_transaction() as cookie:
        values: dict[str, object] = {"csrf_token": cookie["csrf"]}
    asked = anna.post("/-/sensitive", values, Referer="http://localhost/settings/sessions?page=2")
    assert asked.headers["Location"] == "/-/prove?next=/settings/sessions?page%3D2"
    assert "Nothing was changed yet." in anna.get(asked.headers["Location"]).text
    elsewhere = anna.post("/-/sensitive", values, Referer="http://evil.example/settings/sessions")
    assert elsewhere.headers["Location"] == "/-/prove?next=/-/sensitive"


def test_wrong_password_proves_nothing(anna: Visitor) -> None:
    answer = anna.submit("/-/prove?next=/-/sensitive", action="/-/prove", password="wrong")
    assert answer.status_code == 422
    assert WRONG in words_of(answer.text)
    assert 'value="/-/sensitive"' in answer.text
    assert anna.get("/-/sensitive").status_code == 302


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "/no/such/page"]
)
def test_proof_leads_to_pages_of_this_hub_only(anna: Visitor, wanted: str) -> None:
    assert anna.submit("/-/prove", password=PASSWORD, next=wanted).headers["Location"] == "/"


def test_proof_gives_the_sign_in_a_new_secret(anna: Visitor, app: Flask, hub: Hub) -> None:
    before = anna.client.get_cookie("hub")
    with hub.database.reading() as session:
        sign_in = session.scalars(select(SignIn)).one()
    anna.submit("/-/prove", password=PASSWORD)
    with hub.database.reading() as session:
        renewed = session.scalars(select(SignIn)).one()
    assert (renewed.id, renewed.created_at) == (sign_in.id, sign_in.created_at)
    assert renewed.secret_hash != sign_in.secret_hash
    thief = Visitor(app)
    assert before is not None
    thief.client.set_cookie("hub", before.value)
    assert thief.get("/settings/sessions").status_code == 302
    assert anna.get("/settings/sessions").status_code == 200


def test_guessing_is_throttled(anna: Visitor) -> None:
    for _ in range(10):
        assert anna.submit("/-/prove", password="wrong").status_code == 422
    answer = anna.submit("/-/prove", password=PASSWORD)
    assert answer.status_code == 429
    assert "Too many sign-ins failed." in words_of(answer.text)


def test_token_is_not_asked_and_a_script_is_told_in_words(anna: Visitor, app: Flask, token: str) -> None:
    assert Visitor(app).get("/-/sensitive", Authorization=f"token {token}").text == "done"
    told = anna.get("/-/sensitive", Accept="application/json")
    assert told.status_code == 403
    assert told.json is not None
    assert told.json["code"] == "proof_needed"


def test_stranger_signs_in_first(app: Flask) -> None:
    assert Visitor(app).get("/-/sensitive").headers["Location"] == "/login?next=/-/sensitive"
    assert Visitor(app).get("/-/prove").headers["Location"] == "/login?next=/-/prove"


def test_what_changes_who_may_do_what_asks_for_a_proof(app: Flask) -> None:
    asking = {name for name, view in app.view_functions.items() if declaration_of(view).needs_proof}
    assert asking >= {
        *("accounts.add_key", "accounts.create_token", "accounts.begin_app", "accounts.confirm_app"),
        *("accounts.turn_app_off", "accounts.make_recovery_codes", "accounts.add_passkey"),
        *("accounts.remove_passkey", "accounts.set_admin", "accounts.give_password"),
        *("accounts.turn_second_step_off", "accounts.suspend", "accounts.delete_person"),
    }
    assert all(declaration_of(app.view_functions[name]).is_for_people for name in asking)


def declaration_of(view: object) -> Declaration:
    found = getattr(view, "hub_declaration", None)
    assert isinstance(found, Declaration)
    return found
