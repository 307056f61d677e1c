"""What administrators are told of journals: on their page, by the command line, and by the doctor."""

import json
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from hub.app import Hub
from hub.clock import now
from hub.doctor import examine
from hub.journal.models import DamageKind, JournalDamage, JournalEntry
from hub.journal.overseeing import list_damage
from hub.paging import PAGE_SIZE
from tests.factories import make_user
from tests.feature.cli.conftest import Run
from tests.journal_talk import Talk
from tests.visitor import Visitor, words_of


@pytest.fixture
def talk(hub: Hub) -> Talk:
    """A repository with a change that is talked about, and an administrator."""
    with hub.database.writing() as session:
        make_user(session, "root", is_admin=True)
    return Talk(hub)


def signed_in(app: Flask, name: str) -> Visitor:
    visitor = Visitor(app)
    assert visitor.sign_in(name).status_code == 302
    return visitor


def damage(talk: Talk) -> None:
    """Somebody writes into the repository what no hub signed, and the hub finds it."""
    talk.export()
    foreign = talk.git("commit-tree", "-m", "not ours", "refs/hub/at^{tree}").strip()
    for ref in ("refs/hub/changes/1", "refs/hub/at"):
        talk.git("update-ref", ref, foreign)
    talk.export()
    assert talk.damage() == ["foreign"]


def doctor_says(talk: Talk) -> str:
    found = {one.name: one for one in examine(talk.hub.config)}["journals"]
    return found.found if found.fault is None else found.fault.as_text()


def test_damage_is_shown_until_an_administrator_has_looked(app: Flask, talk: Talk) -> None:
    root = signed_in(app, "root")
    assert "Nothing was ever found damaged" in words_of(root.get("/admin/journal").text)
    damage(talk)
    assert "found damaged 1 time, and nobody has looked yet" in words_of(root.get("/admin").text)
    assert doctor_says(talk).startswith("Journals were found damaged")

    answer = root.submit("/admin/journal", action="/admin/journal/damage/1/acknowledge")

    assert answer.status_code == 302
    shown = words_of(root.get("/admin/journal").text)
    assert "Something that this hub never signed stood in a journal" in shown
    assert "refs/hub-broken/changes/1/" in shown
    assert "Seen just now" in shown
    assert "nobody has looked" not in words_of(root.get("/admin").text)
    assert "looked at what was found in refs/hub/changes/1" in words_of(root.get("/admin/log").text)
    assert doctor_says(talk) == "1, each written to its refs"


@pytest.mark.no_replay
def test_what_waits_for_long_is_named(app: Flask, talk: Talk) -> None:
    root = signed_in(app, "root")
    assert "1 entry waits" not in doctor_says(talk)
    with talk.hub.database.writing() as session:
        before = int((now() - timedelta(minutes=11)).timestamp())
        session.execute(update(JournalEntry).values(at=before).execution_options(synchronize_session=False))

    assert "1 journal has waited for more than ten minutes" in words_of(root.get("/admin").text)
    assert "Late" in words_of(root.get("/admin/journal?show=journals").text)
    assert doctor_says(talk).startswith("1 journals have waited for more than ten minutes")


def test_a_head_that_was_moved_is_a_finding_of_the_doctor(talk: Talk) -> None:
    talk.export()
    talk.git("update-ref", "-d", "refs/hub/at")
    assert doctor_says(talk).startswith("The head of the journal of anna/")
    talk.export()
    assert "has waited" not in doctor_says(talk)


@pytest.mark.parametrize(("name", "status"), [("root", 200), ("anna", 404), (None, 302)])
def test_only_administrators_know_of_the_page(app: Flask, talk: Talk, name: str | None, status: int) -> None:
    damage(talk)
    visitor = Visitor(app) if name is None else signed_in(app, name)
    assert visitor.get("/admin/journal").status_code == status
    if name != "root":
        visitor.get("/settings/profile")
        with visitor.client.session_transaction() as cookie:
            token = cookie.get("csrf", "")
        visitor.post("/admin/journal/damage/1/acknowledge", {"csrf_token": token})
        with talk.hub.database.reading() as session:
            assert session.scalars(select(JournalDamage.acknowledged_at)).all() == [None]


def test_a_long_list_has_pages_with_what_is_new_first(talk: Talk, app: Flask) -> None:
    with talk.hub.database.writing() as session:
        for number in range(PAGE_SIZE + 1):
            seen = None if number == 0 else now()
            session.add(
                JournalDamage(
                    repository_id=talk.repository_id,
                    kind=DamageKind.REFS_BEHIND,
                    ref=f"refs/hub/changes/{number}",
                    kept_as="",
                    found_at=now(),
                    acknowledged_at=seen,
                )
            )
    with talk.hub.database.reading() as session:
        first, last = list_damage(session), list_damage(session, page=2)
    assert (first.items[0].ref, first.total, first.has_next) == ("refs/hub/changes/0", PAGE_SIZE + 1, True)
    assert [one.ref for one in last.items] == ["refs/hub/changes/1"]
    root = signed_in(app, "root")
    assert "The list ends before this page" in words_of(root.get("/admin/journal?page=9").text)


def test_the_command_line_says_the_same(talk: Talk, run: Run) -> None:
    damage(talk)
    shown = run("journal", "status").stdout
    assert "receipt 2 of" in shown
    assert "refs/hub/changes/1: foreign, kept as refs/hub-broken/changes/1/" in shown
    assert "hub journal acknowledge 1" in shown
    told = json.loads(run("journal", "status", "--json").stdout)
    assert told["counts"] == {"journals": 1, "late": 0, "damage": 1, "unseen": 1}
    assert [one["kind"] for one in told["damage"]] == ["foreign"]
    assert [(one["receipts"], one["waiting"]) for one in told["journals"]] == [(2, 0)]

    run("journal", "acknowledge", "1")

    assert json.loads(run("journal", "status", "--json").stdout)["counts"]["unseen"] == 0
    assert "Nothing of this number" in run("journal", "acknowledge", "7", exit_code=1).stderr
