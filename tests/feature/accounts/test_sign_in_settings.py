"""The settings about signing in: the authenticator app, recovery codes, and what each change ends."""

import re
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select, update

from hub.accounts import jobs
from hub.accounts.models import AuditEntry, RecoveryCode, SignIn, Totp
from hub.app import Hub
from hub.clock import now
from tests.factories import make_second_step, make_user
from tests.visitor import Visitor, forms_of, words_of

PAGE = "/settings/sign-in"
CODE = re.compile(r"[2-9a-z]{4}(?:-[2-9a-z]{4}){3}")


@pytest.fixture(autouse=True)
def people(hub: Hub) -> None:
    with hub.database.writing() as session:
        for name in ("anna", "bo"):
            make_user(session, name)


@pytest.fixture
def anna(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.sign_in("anna")
    return visitor


def begin(visitor: Visitor) -> str:
    """Begins to set the app up; its secret."""
    answer = visitor.submit(PAGE, action=f"{PAGE}/app/begin")
    assert answer.headers["Location"] == f"{PAGE}/app"
    return secret_of(visitor.get(f"{PAGE}/app").text)


def secret_of(page: str) -> str:
    found = re.search(r'<input readonly value="([A-Z2-7]{32})"', page)
    assert found is not None
    return found[1]


def turn_on(visitor: Visitor) -> tuple[str, list[str]]:
    secret = begin(visitor)
    answer = visitor.submit(f"{PAGE}/app", code=pyotp.TOTP(secret).now())
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return secret, CODE.findall(words_of(answer.text))


def noted(hub: Hub) -> list[str]:
    with hub.database.reading() as session:
        return [one.action for one in session.scalars(select(AuditEntry).order_by(AuditEntry.id))][2:]


def test_app_is_told_the_secret_as_a_picture_and_as_text(anna: Visitor) -> None:
    secret = begin(anna)
    page = anna.get(f"{PAGE}/app")
    assert page.headers["Cache-Control"] == "no-store"
    assert f"otpauth://totp/Hub:anna?secret={secret}&amp;issuer=Hub" in page.text
    picture = re.search(r'<svg class="qr" viewBox="0 0 (\d+) \1".*?</svg>', page.text)
    assert picture is not None
    assert "style" not in picture[0]
    assert secret_of(page.text) == secret


def test_app_counts_only_after_its_first_code(app: Flask, anna: Visitor, hub: Hub) -> None:
    secret = begin(anna)
    assert Visitor(app).sign_in("anna").headers["Location"] == "/"
    refused = anna.submit(f"{PAGE}/app", code="000000" if pyotp.TOTP(secret).now() != "000000" else "000001")
    assert refused.status_code == 422
    assert "This is not the code of this moment." in words_of(refused.text)
    assert secret_of(refused.text) == secret
    assert noted(hub) == []


def test_turning_the_app_on_shows_codes_once_and_signs_others_out(
    app: Flask, anna: Visitor, hub: Hub
) -> None:
    elsewhere = Visitor(app)
    elsewhere.sign_in("anna")
    _, codes = turn_on(anna)
    assert len(set(codes)) == 10
    assert anna.get("/settings/sessions").status_code == 200
    assert elsewhere.get("/settings/sessions").status_code == 302
    page = words_of(anna.get(PAGE).text)
    assert "Authenticator app On" in page
    assert "10 are left." in page
    assert not CODE.findall(page)
    assert noted(hub) == ["app.on"]


def test_code_that_turned_the_app_on_is_used(app: Flask, anna: Visitor) -> None:
    secret = begin(anna)
    code = pyotp.TOTP(secret).now()
    anna.submit(f"{PAGE}/app", code=code)
    visitor = Visitor(app)
    visitor.sign_in("anna")
    assert visitor.submit("/login/second-step", code=code).status_code == 422


def test_app_that_is_on_is_not_set_up_again(anna: Visitor) -> None:
    secret = begin(anna)
    form = forms_of(anna.get(f"{PAGE}/app").text)[-1]
    anna.post(f"{PAGE}/app", {**form.values, "code": pyotp.TOTP(secret).now()})
    assert anna.post(f"{PAGE}/app/begin", {**form.values}).status_code == 409
    assert anna.post(f"{PAGE}/app", {**form.values, "code": "1"}).status_code == 404
    assert anna.get(f"{PAGE}/app").status_code == 404


def test_setup_that_was_left_for_an_hour_begins_anew(anna: Visitor, hub: Hub) -> None:
    begin(anna)
    with hub.database.writing() as session:
        session.execute(update(Totp).values(created_at=now() - timedelta(hours=1)))
    assert anna.get(f"{PAGE}/app").status_code == 404
    jobs.prune.function(hub.database)
    with hub.database.reading() as session:
        assert session.scalars(select(Totp)).all() == []


def test_turning_the_app_off_takes_the_codes_away(app: Flask, anna: Visitor, hub: Hub) -> None:
    turn_on(anna)
    assert anna.submit(PAGE, action=f"{PAGE}/app/off").headers["Location"] == PAGE
    assert "The authenticator app is off." in words_of(anna.get(PAGE).text)
    assert Visitor(app).sign_in("anna").headers["Location"] == "/"
    with hub.database.reading() as session:
        assert session.scalars(select(RecoveryCode)).all() == []
    assert noted(hub) == ["app.on", "app.off"]


def test_new_codes_end_the_old_ones(app: Flask, anna: Visitor, hub: Hub) -> None:
    _, old = turn_on(anna)
    answer = anna.submit(PAGE, action=f"{PAGE}/recovery-codes")
    new = CODE.findall(words_of(answer.text))
    assert len(new) == 10
    assert not set(new) & set(old)
    visitor = Visitor(app)
    visitor.sign_in("anna")
    assert visitor.submit("/login/second-step", code=old[0]).status_code == 422
    assert visitor.submit("/login/second-step", code=new[0]).status_code == 302
    assert noted(hub) == ["app.on", "recovery_codes.made", "recovery_code.used"]


def test_there_are_no_recovery_codes_without_a_second_step(anna: Visitor) -> None:
    form = forms_of(anna.get("/settings/password").text)[-1]
    assert anna.post(f"{PAGE}/recovery-codes", form.values).status_code == 409
    assert anna.post(f"{PAGE}/app/off", form.values).status_code == 404


def test_every_change_asks_for_a_proof_first(anna: Visitor, hub: Hub) -> None:
    turn_on(anna)
    form = forms_of(anna.get("/settings/password").text)[-1]
    with hub.database.writing() as session:
        session.execute(update(SignIn).values(proved_at=now() - timedelta(minutes=15)))
    assert anna.get(f"{PAGE}/passkeys/new").headers["Location"] == f"/-/prove?next={PAGE}/passkeys/new"
    for path in ("app/begin", "app", "app/off", "recovery-codes", "passkeys", "passkeys/1/remove"):
        answer = anna.post(f"{PAGE}/{path}", form.values, Referer=f"http://localhost{PAGE}")
        assert answer.headers["Location"] == f"/-/prove?next={PAGE}", path
    assert noted(hub) == ["app.on"]


def test_code_of_the_app_proves_and_is_used_then(anna: Visitor, hub: Hub) -> None:
    secret, _ = turn_on(anna)
    with hub.database.writing() as session:
        session.execute(update(Totp).values(last_step=None))
    code = pyotp.TOTP(secret).now()
    form = forms_of(anna.get(f"/-/prove?next={PAGE}").text)[-1]
    assert anna.post("/-/prove", {**form.values, "code": code}).headers["Location"] == PAGE
    refused = anna.post("/-/prove", {**form.values, "code": code})
    assert refused.status_code == 422
    assert "or it was used before" in words_of(refused.text)
    assert anna.post("/-/prove", {**form.values, "code": ["1", "2"]}).status_code == 400


@pytest.mark.parametrize(("name", "may"), [("root", True), ("anna", False)])
def test_administrator_turns_the_second_step_of_somebody_off(
    app: Flask, hub: Hub, name: str, may: bool
) -> None:
    with hub.database.writing() as session:
        make_user(session, "root", is_admin=True)
        make_second_step(session, make_user(session, "cleo"))
    visitor = Visitor(app)
    visitor.sign_in(name)
    form = forms_of(visitor.get("/settings/password").text)[-1]
    answer = visitor.post("/admin/people/cleo/second-step-off", form.values)
    assert answer.status_code == (302 if may else 404)
    assert Visitor(app).sign_in("cleo").headers["Location"] == ("/" if may else "/login/second-step")
    assert ("second_step.off" in noted(hub)) is may
