"""Passkeys: added, used alone and as the second step, to prove, named and removed. The device is software."""

import json
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from hub.accounts.models import AuditEntry, Challenge, Passkey, RecoveryCode, SignIn, User
from hub.app import Hub
from tests.factories import PASSWORD, make_token, make_user
from tests.passkey_device import PRESENT, VERIFIED, Device, to_text
from tests.visitor import Visitor, words_of

NEW = "/settings/sign-in/passkeys"
NOT_HERE = "This passkey does not sign in here."
NOT_TAKEN = "The browser's answer cannot be taken."


@pytest.fixture(autouse=True)
def people(hub: Hub) -> None:
    with hub.database.writing() as session:
        for name in ("anna", "bo"):
            make_user(session, name)


def signed_in(app: Flask, name: str = "anna") -> Visitor:
    visitor = Visitor(app)
    visitor.sign_in(name)
    return visitor


def token_of(visitor: Visitor) -> str:
    visitor.get("/login")
    visitor.get("/settings/password")
    with visitor.client.session_transaction() as cookie:
        return str(cookie["csrf"])


def ask(visitor: Visitor, path: str) -> str:
    answer = visitor.post(path, X_CSRF_Token=token_of(visitor))
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.text


def send(visitor: Visitor, path: str, answer: str, **values: object) -> TestResponse:
    return visitor.post(path, {"csrf_token": token_of(visitor), "answer": answer, **values})


def add(visitor: Visitor, device: Device, title: str = "phone") -> TestResponse:
    return send(visitor, NEW, device.create(ask(visitor, f"{NEW}/question")), title=title)


def enter(app: Flask, device: Device) -> TestResponse:
    visitor = Visitor(app)
    return send(visitor, "/login/passkey", device.sign(ask(visitor, "/login/passkey/question")), next="/new")


def test_first_passkey_brings_recovery_codes_and_signs_in_alone(app: Flask, hub: Hub) -> None:
    here, elsewhere, device = signed_in(app), signed_in(app), Device()
    answer = add(here, device)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "they are not shown again" in answer.text
    assert here.get("/settings/sessions").status_code == 200
    assert elsewhere.get("/settings/sessions").status_code == 302
    assert enter(app, device).headers["Location"] == "/new"
    assert add(here, Device(), title="key").headers["Location"] == "/settings/sign-in"
    with hub.database.reading() as session:
        assert len(session.scalars(select(RecoveryCode)).all()) == 10
        noted = [one.action for one in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
        assert noted[-2:] == ["passkey.added", "passkey.added"]


def test_password_alone_is_not_enough_any_more(app: Flask) -> None:
    device = Device()
    add(signed_in(app), device)
    visitor = Visitor(app)
    assert visitor.sign_in("anna").headers["Location"] == "/login/second-step"
    question = ask(visitor, "/login/passkey/question")
    assert [one["id"] for one in json.loads(question)["allowCredentials"]] == [to_text(device.id)]
    assert send(visitor, "/login/passkey", device.sign(question)).status_code == 302
    assert visitor.get("/settings/sessions").status_code == 200


def test_second_step_takes_no_passkey_of_somebody_else(app: Flask) -> None:
    annas, bos = Device(), Device()
    add(signed_in(app), annas)
    add(signed_in(app, "bo"), bos)
    visitor = Visitor(app)
    visitor.sign_in("anna")
    answer = send(visitor, "/login/passkey", bos.sign(ask(visitor, "/login/passkey/question")))
    assert answer.status_code == 401
    assert NOT_HERE in words_of(answer.text)


def test_question_asks_for_the_person_not_for_a_touch(app: Flask) -> None:
    visitor = signed_in(app)
    making = json.loads(ask(visitor, f"{NEW}/question"))
    assert making["rp"]["id"] == "localhost"
    assert making["authenticatorSelection"]["userVerification"] == "required"
    assert making["authenticatorSelection"]["residentKey"] == "required"
    entering = json.loads(ask(Visitor(app), "/login/passkey/question"))
    assert entering["userVerification"] == "required"
    assert entering.get("allowCredentials", []) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://localhost:1"},
        {"flags": PRESENT},
        {"flags": VERIFIED},
        {"id": b"x" * 32},
        {"handle": to_text((2**40).to_bytes(8))},
        {"count": -1},
    ],
    ids=str,
)
def test_answer_that_is_wrong_in_one_thing_signs_nobody_in(
    app: Flask, hub: Hub, wrong: dict[str, object]
) -> None:
    device = Device(count=5)
    add(signed_in(app), device)
    assert enter(app, device).status_code == 302
    changed = {**wrong, "count": 3} if "count" in wrong else wrong
    answer = enter(app, replace(device, **changed))  # type: ignore[arg-type]  # what a case makes wrong
    assert answer.status_code == 401
    assert NOT_HERE in words_of(answer.text)


def test_answer_to_another_question_signs_nobody_in(app: Flask) -> None:
    device, visitor = Device(), Visitor(app)
    add(signed_in(app), device)
    question = ask(visitor, "/login/passkey/question")
    answer = device.sign(question, challenge=to_text(b"x" * 32))
    assert send(visitor, "/login/passkey", answer).status_code == 401


def test_question_is_answered_once_and_only_where_it_was_asked(app: Flask, hub: Hub) -> None:
    device, visitor, thief = Device(), Visitor(app), Visitor(app)
    add(signed_in(app), device)
    answer = device.sign(ask(visitor, "/login/passkey/question"))
    stolen = visitor.client.get_cookie("hub")
    assert stolen is not None
    assert send(thief, "/login/passkey", answer).status_code == 401
    assert send(visitor, "/login/passkey", answer).status_code == 302
    thief.client.set_cookie("hub", stolen.value)
    replayed = send(thief, "/login/passkey", answer)
    assert replayed.status_code == 401
    assert "This sign-in is over." in words_of(replayed.text)


@pytest.mark.parametrize(
    "answer", ["", "null", "[]", "{}", '"x"', "1", "[" * 5000, "{" * 30000, '{"rawId": 1}',
               '{"rawId": "é"}',
               '{"rawId": "YQ", "response": []}', '{"rawId": "YQ", "response": {"userHandle": 7}}']
)  # fmt: skip
def test_what_is_no_answer_is_refused_in_words(app: Flask, answer: str) -> None:
    visitor, anna = Visitor(app), signed_in(app)
    ask(visitor, "/login/passkey/question")
    assert send(visitor, "/login/passkey", answer).status_code == 401
    ask(anna, f"{NEW}/question")
    refused = send(anna, NEW, answer, title="phone")
    assert refused.status_code == 422
    assert NOT_TAKEN in words_of(refused.text)


@pytest.mark.parametrize(
    "answer",
    [
        '{"rawId": ID, "id": ID, "type": "public-key", "response": R}',
        '{"rawId": ID, "response": {"userHandle": 7}}',
    ],
)
@pytest.mark.parametrize(
    "response", ["{}", "[]", '{"clientDataJSON": [], "authenticatorData": {}, "signature": 1}']
)
def test_known_passkey_with_a_broken_answer_is_refused_too(app: Flask, answer: str, response: str) -> None:
    device, visitor = Device(), Visitor(app)
    add(signed_in(app), device)
    ask(visitor, "/login/passkey/question")
    told = answer.replace("ID", f'"{to_text(device.id)}"').replace("R}", response + "}")
    assert send(visitor, "/login/passkey", told).status_code == 401


def test_passkey_is_registered_once_and_with_the_person_verified(app: Flask) -> None:
    device, anna, bo = Device(), signed_in(app), signed_in(app, "bo")
    add(anna, device)
    again = add(bo, device)
    assert again.status_code == 422
    assert "This passkey is registered already." in words_of(again.text)
    assert add(bo, Device(flags=PRESENT)).status_code == 422
    assert add(bo, Device(origin="https://localhost")).status_code == 422


def test_question_of_one_person_makes_no_passkey_of_another(app: Flask) -> None:
    anna, bo = signed_in(app), signed_in(app, "bo")
    answer = Device().create(ask(anna, f"{NEW}/question"))
    with anna.client.session_transaction() as cookie:
        secret = cookie["passkey_add"]
    token_of(bo)
    with bo.client.session_transaction() as cookie:
        cookie["passkey_add"] = secret
    refused = send(bo, NEW, answer, title="phone")
    assert refused.status_code == 422
    assert "Begin again." in words_of(refused.text)


@pytest.mark.parametrize("title", ["", " \t ", "x" * 101])
def test_passkey_needs_a_name(app: Flask, title: str) -> None:
    anna = signed_in(app)
    answer = add(anna, Device(), title=title)
    assert answer.status_code == 422
    assert "Enter a name of at most 100 characters." in words_of(answer.text)


def test_passkey_is_renamed_and_removed_by_its_person_only(app: Flask, hub: Hub) -> None:
    device, anna, bo = Device(), signed_in(app), signed_in(app, "bo")
    add(anna, device)
    assert send(bo, f"{NEW}/1/rename", "", title="mine").status_code == 404
    assert send(bo, f"{NEW}/1/remove", "").status_code == 404
    assert send(anna, f"{NEW}/1/rename", "", title="\u202eblue\nphone").status_code == 302
    assert "blue phone" in words_of(anna.get("/settings/sign-in").text)
    elsewhere = Visitor(app)
    send(elsewhere, "/login/passkey", device.sign(ask(elsewhere, "/login/passkey/question")))
    assert send(anna, f"{NEW}/1/remove", "").status_code == 302
    assert elsewhere.get("/settings/sessions").status_code == 302
    assert enter(app, device).status_code == 401
    assert Visitor(app).sign_in("anna").headers["Location"] == "/"
    with hub.database.reading() as session:
        assert session.scalars(select(RecoveryCode)).all() == []


def test_passkey_proves_that_it_is_them(app: Flask, hub: Hub) -> None:
    device, bos, anna = Device(), Device(), signed_in(app)
    add(anna, device)
    add(signed_in(app, "bo"), bos)
    before = anna.client.get_cookie("hub")
    question = ask(anna, "/-/prove/passkey/question")
    refused = send(anna, "/-/prove/passkey", bos.sign(question), next=NEW)
    assert refused.status_code == 422
    assert "This is not a passkey of yours on this hub." in words_of(refused.text)
    again = send(anna, "/-/prove/passkey", device.sign(question), next="")
    assert "This was not finished within ten minutes." in words_of(again.text)
    question = ask(anna, "/-/prove/passkey/question")
    done = send(anna, "/-/prove/passkey", device.sign(question), next="/settings/sign-in/passkeys/new")
    assert done.headers["Location"] == "/settings/sign-in/passkeys/new"
    assert anna.client.get_cookie("hub") != before


def test_suspended_person_gets_in_by_no_passkey(app: Flask, hub: Hub) -> None:
    device = Device()
    add(signed_in(app), device)
    with hub.database.writing() as session:
        session.execute(update(User).values(is_suspended=True))
    answer = enter(app, device)
    assert answer.status_code == 401
    assert "This account is suspended." in words_of(answer.text)


def test_failures_count_against_the_network(app: Flask) -> None:
    device, stranger = Device(), Device()
    add(signed_in(app), device)
    statuses = [enter(app, stranger).status_code for _ in range(31)]
    assert statuses == [401] * 30 + [429]
    assert enter(app, device).status_code == 429


def test_row_of_the_database_signs_nothing(app: Flask, hub: Hub) -> None:
    """Whoever reads the whole database has public keys and hashes, and no way to answer."""
    add(signed_in(app), Device())
    visitor = Visitor(app)
    ask(visitor, "/login/passkey/question")
    with hub.database.reading() as session:
        passkey = session.scalars(select(Passkey)).one()
        question = session.scalars(select(Challenge)).one()
        assert question.challenge is not None
    forged = Device(id=passkey.credential_id, handle=to_text(passkey.user_id.to_bytes(8)))
    said = json.dumps({"rpId": "localhost", "challenge": to_text(question.challenge)})
    assert send(visitor, "/login/passkey", forged.sign(said)).status_code == 401
    with hub.database.reading() as session:
        assert len(session.scalars(select(SignIn)).all()) == 1


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "[::1]:8080", "192.0.2.7", "hub.example.org"])
def test_address_without_passkeys_says_so(app: Flask, host: str) -> None:
    visitor = Visitor(app, Host=host)
    page = visitor.get("/login").text
    assert 'data-module="passkey"' not in page
    if host.endswith(":8080"):
        assert 'href="http://localhost:8080/login"' in page
    else:
        assert "Passkeys need HTTPS and a host name." in words_of(page)
    with visitor.client.session_transaction(base_url=f"http://{host}") as cookie:
        cookie["csrf"] = "x"
    asked = visitor.post("/login/passkey/question", X_CSRF_Token="x")
    assert asked.status_code in (403, 409)


def test_token_changes_nothing_about_signing_in(app: Flask, hub: Hub) -> None:
    with hub.database.writing() as session:
        secret = make_token(session, session.scalars(select(User).where(User.name == "anna")).one())
    script = Visitor(app, Authorization=f"token {secret}")
    for path in (f"{NEW}/question", NEW, f"{NEW}/1/remove", f"{NEW}/1/rename", "/-/prove", "/-/prove/passkey",
                 "/settings/sign-in/app/begin", "/settings/sign-in/app", "/settings/sign-in/app/off",
                 "/settings/sign-in/recovery-codes"):  # fmt: skip
        answer = script.post(path, {"code": "1", "title": "x", "password": PASSWORD})
        assert answer.status_code == 403, path
        assert "A token cannot change how you sign in" in words_of(answer.text), path
