"""The second step of a sign-in: codes of an authenticator app, and recovery codes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select, update

from hub.accounts import jobs
from hub.accounts.models import Attempt, AuditEntry, Challenge, RecoveryCode, SignIn, Totp, User
from hub.accounts.sign_in import steps as signing_in
from hub.accounts.sign_in import throttle
from hub.accounts.sign_in.sessions import Origin
from hub.app import Hub
from hub.clock import now
from hub.errors import Invalid, Unauthenticated
from tests.factories import PASSWORD, make_second_step, make_user
from tests.visitor import Visitor, words_of

NOT_THIS = "This code does not work."
OVER = "This sign-in is over."


@pytest.fixture
def anna(hub: Hub) -> tuple[str, list[str]]:
    """The secret of anna's app, and her recovery codes."""
    with hub.database.writing() as session:
        return make_second_step(session, make_user(session, "anna"))


def code_of(secret: str, step: int = 0) -> str:
    return pyotp.TOTP(secret).at(now() + timedelta(seconds=30 * step))


def half_way(app: Flask, name: str = "anna", **values: object) -> Visitor:
    visitor = Visitor(app)
    answer = visitor.sign_in(name, **values)
    assert answer.headers["Location"].startswith("/login/second-step")
    return visitor


def is_signed_in(visitor: Visitor) -> bool:
    return visitor.get("/settings/keys").status_code == 200


def set_last_step(hub: Hub, value: int | None) -> None:
    with hub.database.writing() as session:
        session.execute(update(Totp).values(last_step=value))


def test_code_of_the_app_signs_in_after_the_password(app: Flask, anna: tuple[str, list[str]]) -> None:
    visitor = Visitor(app)
    answer = visitor.sign_in("anna", next="/settings/tokens")
    assert answer.headers["Location"] == "/login/second-step?next=/settings/tokens"
    assert not is_signed_in(visitor)
    done = visitor.submit(answer.headers["Location"], action="/login/second-step", code=code_of(anna[0]))
    assert done.headers["Location"] == "/settings/tokens"
    assert is_signed_in(visitor)


@pytest.mark.parametrize(("step", "works"), [(-3, False), (0, True), (1, True), (3, False)])
def test_clock_of_the_phone_may_be_off_by_half_a_minute(
    app: Flask, anna: tuple[str, list[str]], step: int, works: bool
) -> None:
    code = code_of(anna[0], step)
    answer = half_way(app).submit("/login/second-step", code=f" {code[:3]} {code[3:]} ")
    assert answer.status_code == (302 if works else 422)


def test_code_works_once_even_in_another_browser(app: Flask, hub: Hub, anna: tuple[str, list[str]]) -> None:
    first, second = half_way(app), half_way(app)
    code = code_of(anna[0])
    assert first.submit("/login/second-step", code=code).status_code == 302
    answer = second.submit("/login/second-step", code=code)
    assert answer.status_code == 422
    assert NOT_THIS in words_of(answer.text)
    # Nor does the one before it, which nobody has used.
    assert second.submit("/login/second-step", code=code_of(anna[0], -1)).status_code == 422
    assert second.submit("/login/second-step", code=code_of(anna[0], 1)).status_code == 302


def test_recovery_code_works_once_and_is_noted(app: Flask, hub: Hub, anna: tuple[str, list[str]]) -> None:
    code = anna[1][0]
    assert half_way(app).submit("/login/second-step", code=code.upper()).status_code == 302
    answer = half_way(app).submit("/login/second-step", code=code)
    assert answer.status_code == 422
    assert half_way(app).submit("/login/second-step", code=anna[1][1].replace("-", " ")).status_code == 302
    with hub.database.reading() as session:
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "recovery_code.used")).all()
        assert [one.details["left"] for one in noted] == ["9", "8"]


@pytest.mark.parametrize("code", ["", "000000x", "٠١٢٣٤٥", "-" * 3000, "{}", "\N{SNOWMAN}" * 6])
def test_what_is_no_code_signs_nobody_in(app: Flask, anna: tuple[str, list[str]], code: str) -> None:
    visitor = half_way(app)
    answer = visitor.submit("/login/second-step", code=code)
    assert answer.status_code == 422
    assert not is_signed_in(visitor)


def test_codes_of_one_person_do_not_serve_another(app: Flask, hub: Hub, anna: tuple[str, list[str]]) -> None:
    with hub.database.writing() as session:
        make_second_step(session, make_user(session, "bo"))
    for code in (code_of(anna[0]), anna[1][0]):
        assert half_way(app, "bo").submit("/login/second-step", code=code).status_code == 422


def test_second_step_alone_is_nothing(app: Flask, anna: tuple[str, list[str]]) -> None:
    visitor = Visitor(app)
    assert visitor.get("/login/second-step?next=/new").headers["Location"] == "/login?next=/new"
    visitor.get("/login")
    with visitor.client.session_transaction() as cookie:
        token = cookie["csrf"]
    answer = visitor.post("/login/second-step", {"csrf_token": token, "code": code_of(anna[0])})
    assert answer.status_code == 401
    assert OVER in words_of(answer.text)


def test_question_is_open_for_ten_minutes(app: Flask, hub: Hub, anna: tuple[str, list[str]]) -> None:
    visitor = half_way(app)
    page = visitor.get("/login/second-step")
    assert page.headers["Cache-Control"] == "no-store"
    with visitor.client.session_transaction() as cookie:
        token = cookie["csrf"]
    with hub.database.writing() as session:
        session.execute(update(Challenge).values(created_at=now() - timedelta(minutes=10)))
    answer = visitor.post("/login/second-step", {"csrf_token": token, "code": code_of(anna[0])})
    assert answer.status_code == 401
    assert visitor.get("/login/second-step").headers["Location"] == "/login"
    jobs.prune.function(hub.database)
    with hub.database.reading() as session:
        assert session.scalars(select(Challenge)).all() == []


def test_question_is_answered_once(app: Flask, hub: Hub, anna: tuple[str, list[str]]) -> None:
    visitor = half_way(app)
    visitor.get("/login/second-step")
    asked = visitor.client.get_cookie("hub")
    visitor.submit("/login/second-step", code=code_of(anna[0]))
    thief = Visitor(app)
    assert asked is not None
    thief.client.set_cookie("hub", asked.value)
    assert thief.get("/login/second-step").headers["Location"] == "/login"


@pytest.mark.parametrize("what", ["suspended", "password"])
def test_what_happens_between_the_steps_counts(
    app: Flask, hub: Hub, anna: tuple[str, list[str]], what: str
) -> None:
    elsewhere = half_way(app)
    elsewhere.submit("/login/second-step", code=code_of(anna[0]))
    visitor = half_way(app)
    if what == "suspended":
        with hub.database.writing() as session:
            session.execute(update(User).values(is_suspended=True))
    else:
        elsewhere.submit("/settings/password", current=PASSWORD, new="another long one")
    set_last_step(hub, None)
    if what == "suspended":
        assert visitor.submit("/login/second-step", code=code_of(anna[0])).status_code == 401
    assert visitor.get("/login/second-step").status_code == (302 if what == "password" else 200)
    assert not is_signed_in(visitor)


def test_guessing_is_throttled_whatever_the_password_clears(
    app: Flask, hub: Hub, anna: tuple[str, list[str]]
) -> None:
    for _ in range(5):
        visitor = half_way(app)
        assert visitor.submit("/login/second-step", code="111111").status_code == 422
        assert visitor.submit("/login/second-step", code="wrong-recovery").status_code == 422
    answer = visitor.submit("/login/second-step", code=code_of(anna[0]))
    assert answer.status_code == 429
    assert "Try again in 900 seconds." in words_of(answer.text)
    with hub.database.reading() as session:
        subject = throttle.account_subject("anna")
        assert len(session.scalars(select(Attempt).where(Attempt.subject == subject)).all()) == 10


def test_success_clears_the_failures(app: Flask, hub: Hub, anna: tuple[str, list[str]]) -> None:
    visitor = half_way(app)
    visitor.submit("/login/second-step", code="111111")
    visitor.submit("/login/second-step", code=code_of(anna[0]))
    with hub.database.reading() as session:
        subject = throttle.account_subject("anna")
        assert session.scalars(select(Attempt).where(Attempt.subject == subject)).all() == []


@pytest.mark.parametrize("values", [{"code": ["111111", "222222"]}, {"code": "1", "next": ["/", "/"]}])
def test_field_that_is_sent_twice_is_refused(
    app: Flask, anna: tuple[str, list[str]], values: dict[str, object]
) -> None:
    assert half_way(app).submit("/login/second-step", **values).status_code == 400


def test_body_of_another_kind_signs_nobody_in(app: Flask, anna: tuple[str, list[str]]) -> None:
    visitor = half_way(app)
    visitor.get("/login/second-step")
    with visitor.client.session_transaction() as cookie:
        token = cookie["csrf"]
    for code in ([code_of(anna[0])], {"code": code_of(anna[0])}, None):
        answer = visitor.client.post(
            "/login/second-step", json={"code": code}, headers={"X-CSRF-Token": token}
        )
        assert answer.status_code == 422
    assert not is_signed_in(visitor)


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https:evil.example", "/\\evil.example", "/no/such/page"]
)
def test_second_step_leads_to_pages_of_this_hub_only(
    app: Flask, anna: tuple[str, list[str]], wanted: str
) -> None:
    assert half_way(app, next=wanted).get("/login/second-step").status_code == 200
    done = half_way(app).submit("/login/second-step", code=code_of(anna[0]), next=wanted)
    assert done.headers["Location"] == "/"


def test_database_holds_nothing_that_would_take_the_second_step(
    app: Flask, hub: Hub, anna: tuple[str, list[str]]
) -> None:
    visitor = half_way(app)
    with hub.database.reading() as session:
        totp = session.scalars(select(Totp)).one()
        stored = session.scalars(select(RecoveryCode.code_hash)).all()
        question = session.scalars(select(Challenge)).one()
    assert anna[0].encode() not in totp.sealed_secret
    assert len(set(stored)) == 10
    thief = Visitor(app)
    for value in (question.secret_hash.hex(), question.challenge.hex() if question.challenge else ""):
        with thief.client.session_transaction() as cookie:
            cookie["second_step"] = value
        assert thief.get("/login/second-step").status_code == 302
    assert visitor.submit("/login/second-step", code=stored[0].hex()).status_code == 422


def test_secret_that_is_moved_to_another_row_does_not_serve(
    app: Flask, hub: Hub, anna: tuple[str, list[str]]
) -> None:
    """Somebody who can write to the database gives another account the app that they have."""
    with hub.database.writing() as session:
        bo = make_user(session, "bo")
        make_second_step(session, bo)
        sealed = session.scalars(select(Totp).where(Totp.user_id != bo.id)).one().sealed_secret
        session.execute(
            update(Totp).where(Totp.user_id == bo.id).values(sealed_secret=sealed, last_step=None)
        )
    answer = half_way(app, "bo").submit("/login/second-step", code=code_of(anna[0]))
    assert answer.status_code == 409
    with hub.database.reading() as session:
        assert session.scalars(select(SignIn)).all() == []


@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_code_that_is_sent_by_many_at_once_lets_one_in(
    hub: Hub, anna: tuple[str, list[str]], kind: str
) -> None:
    code, origin = code_of(anna[0]) if kind == "app" else anna[1][0], Origin("192.0.2.1", "")
    questions = [
        signing_in.by_password(hub.database, name="anna", password=PASSWORD, origin=origin).secret
        for _ in range(4)
    ]

    def answer(question: str) -> bool:
        try:
            return bool(signing_in.by_code(hub.database, question=question, code=code, origin=origin))
        except Invalid:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(answer, questions)) == [False, False, False, True]
    with hub.database.reading() as session:
        assert len(session.scalars(select(SignIn)).all()) == 1


def test_question_that_is_answered_by_many_at_once_is_answered_once(
    hub: Hub, anna: tuple[str, list[str]]
) -> None:
    origin = Origin("192.0.2.1", "")
    step = signing_in.by_password(hub.database, name="anna", password=PASSWORD, origin=origin)

    def answer(code: str) -> bool:
        try:
            return bool(signing_in.by_code(hub.database, question=step.secret, code=code, origin=origin))
        except Unauthenticated:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(answer, anna[1][:4])) == [False, False, False, True]
    with hub.database.reading() as session:
        spent = select(RecoveryCode).where(RecoveryCode.used_at.is_not(None))
        assert len(session.scalars(spent).all()) == 1
