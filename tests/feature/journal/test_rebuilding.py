"""Another hub makes a repository again from a mirror clone alone."""

import subprocess
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.access import Visibility
from hub.app import Hub
from hub.cli_line import SYSTEM
from hub.errors import Conflict
from hub.issues.numbers import next_number
from hub.journal.models import JournalHub, JournalTopic, Person
from hub.journal.people import person_of
from hub.journal.refs.exporting import export
from hub.journal.refs.rebuilding import Rebuilt, Target, fetched, rebuild, require_sound
from hub.journal.replay import act, begin
from hub.search.code.watching import RefWatcher
from hub.search.models import CodeView
from tests import replayed
from tests.factories import make_user
from tests.fast_import import Stream
from tests.journal_talk import Talk


def _mirror(talk: Talk, to: Path) -> Path:
    subprocess.run(("git", "clone", "-q", "--mirror", str(talk.path), str(to)), check=True)
    return to


def _rebuild(hub: Hub, mirror: Path) -> Rebuilt:
    with hub.database.writing() as session:
        owner_id = make_user(session, "carla").id
    target = Target(owner_id, "again", Visibility.PRIVATE)
    with fetched(hub.config, str(mirror)) as (aside, heads):
        return rebuild(hub.database, SYSTEM, aside, heads, target)


def test_all_rows_come_from_the_clone(talk: Talk, other_hub: Hub, tmp_path: Path) -> None:
    talk.say("Looks good.")
    talk.export()
    made = _rebuild(other_hub, _mirror(talk, tmp_path / "mirror.git"))
    assert (made.topics, made.people) == (1, 1)
    replayed.check_all(other_hub.database)
    before = talk.refs()
    # Nothing is added by looking at it.
    assert export(other_hub.database, made.repository_id) == 0
    with other_hub.database.reading() as session:
        topics = session.scalars(select(JournalTopic).where(JournalTopic.repository_id == made.repository_id))
        assert {one.ref: one.tip for one in topics} == {
            name: tip for name, tip in before.items() if name != "refs/hub/at"
        }
        person = session.scalars(select(Person).where(Person.handle != "")).one()
        assert (person.name, person.user_id) == ("anna", None)


def test_its_code_is_searched_a_look_later(talk: Talk, other_hub: Hub, tmp_path: Path) -> None:
    watcher = RefWatcher(other_hub.database)
    watcher.look()
    stream = Stream()
    stream.commit("a commit", b"refs/heads/main", {b"a": b"apple\n"})
    stream.run(talk.path)
    talk.export()
    made = _rebuild(other_hub, _mirror(talk, tmp_path / "mirror.git"))
    watcher.look()
    with other_hub.database.reading() as session:
        assert session.scalars(select(CodeView.repository_id)).all() == [made.repository_id]


def test_the_first_act_makes_this_hub_a_home(talk: Talk, other_hub: Hub, tmp_path: Path) -> None:
    talk.export()
    made = _rebuild(other_hub, _mirror(talk, tmp_path / "mirror.git"))
    with other_hub.database.writing() as session:
        user = make_user(session, "dora")
        person = person_of(session, made.repository_id, user.id)
        number = next_number(session, made.repository_id)
        assert number == 2
        d = {"number": number, "target": "main", "draft": False}
        opened = begin(session, made.repository_id, type="change", person=person, d=d, bodies=["Next"])
        act(session, opened.topic, kind="state", person=person, d={"state": "closed"})
    assert export(other_hub.database, made.repository_id) == 4
    replayed.check_all(other_hub.database)
    with other_hub.database.reading() as session:
        hubs = session.scalars(select(JournalHub)).all()
        assert sorted(one.is_self_appointed for one in hubs) == [False, True]


def test_a_journal_is_kept_once(talk: Talk, tmp_path: Path) -> None:
    talk.export()
    with pytest.raises(Conflict, match="kept here already"):
        _rebuild(talk.hub, _mirror(talk, tmp_path / "mirror.git"))


def test_a_journal_that_was_tampered_with_is_not_taken_in(talk: Talk, other_hub: Hub, tmp_path: Path) -> None:
    talk.export()
    mirror = _mirror(talk, tmp_path / "mirror.git")
    subprocess.run(("git", "-C", str(mirror), "update-ref", "-d", "refs/hub/changes/1"), check=True)
    with fetched(other_hub.config, str(mirror)) as (aside, _), pytest.raises(Conflict, match="not sound"):
        require_sound(aside)
