"""What was said and decided stands in the repository's refs, and the same after any crash."""

import subprocess
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.app import Hub
from hub.journal import exporting
from hub.journal.exporting import export
from hub.journal.models import JournalDamage, JournalReceipt
from hub.journal.people import person_of
from hub.journal.recording import find_topic
from hub.journal.replay import act, begin
from tests.factories import make_repository, make_user


class Talk:
    """A repository with a change that is talked about."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        with hub.database.writing() as session:
            user = make_user(session, "anna")
            self.repository_id = make_repository(session, owner=user).id
            self.user_id = user.id
            self.topic_id = self.open(session, 1)
        path = exporting.find_place(hub.database, self.repository_id)
        assert path is not None
        self.path = path

    def open(self, session: Session, number: int) -> str:
        person = person_of(session, self.repository_id, self.user_id)
        d = {"number": number, "target": "main", "draft": False, "name": ""}
        return begin(
            session, self.repository_id, type="change", person=person, d=d, bodies=["Fix it"]
        ).entry.id

    def say(self, words: str) -> None:
        with self.hub.database.writing() as session:
            person = person_of(session, self.repository_id, self.user_id)
            topic = find_topic(session, self.repository_id, self.topic_id)
            assert topic is not None
            act(session, topic, kind="comment", person=person, d={"comments": [{"body": 0}]}, bodies=[words])

    def export(self, stop: Callable[[str], None] = lambda _: None) -> int:
        return export(self.hub.database, self.repository_id, stop=stop)

    def refs(self) -> dict[str, str]:
        out = self.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/hub", "refs/hub-broken")
        return dict(line.split(" ") for line in out.splitlines())

    def git(self, *command: str) -> str:
        return subprocess.run(
            ("git", "-C", str(self.path), *command), capture_output=True, text=True, check=True
        ).stdout

    def damage(self) -> list[str]:
        with self.hub.database.reading() as session:
            return [
                str(one.kind) for one in session.scalars(select(JournalDamage).order_by(JournalDamage.id))
            ]


@pytest.fixture
def talk(hub: Hub) -> Talk:
    return Talk(hub)


def test_each_topic_has_a_ref_that_git_log_reads(talk: Talk) -> None:
    talk.say("Looks good.")
    assert talk.export() > 3
    assert set(talk.refs()) == {"refs/hub/at", "refs/hub/repo", "refs/hub/changes/1"}
    assert talk.git("log", "--format=%s", "refs/hub/changes/1") == "journal 2: open, comment\n"
    assert talk.git("show", "refs/hub/changes/1:1.0").splitlines()[1] == "Looks good."
    assert talk.git("fsck", "--strict", "--no-dangling") == ""
    assert talk.refs()["refs/hub/at"] == talk.refs()["refs/hub/changes/1"]
    before = talk.refs()
    assert talk.export() == 0
    assert talk.refs() == before


@pytest.mark.parametrize("step", exporting.STEPS)
def test_a_crash_at_any_step_changes_no_id(talk: Talk, step: str) -> None:
    talk.export()
    talk.say("One.")

    def stop(here: str) -> None:
        if here == step:
            raise InterruptedError(step)

    with pytest.raises(InterruptedError):
        talk.export(stop=stop)
    talk.export()
    with talk.hub.database.reading() as session:
        assert session.scalars(select(JournalReceipt.seq).order_by(JournalReceipt.seq)).all() == [1, 2, 3]
    assert talk.git("log", "--format=%s", "refs/hub/changes/1").splitlines()[0] == "journal 3: comment"
    assert talk.refs()["refs/hub/at"] == talk.refs()["refs/hub/changes/1"]
    assert talk.damage() == []


def test_refs_that_came_back_older_are_written_again(talk: Talk) -> None:
    talk.export()
    older = talk.refs()
    talk.say("One.")
    talk.export()
    newer = talk.refs()
    for name, tip in older.items():
        talk.git("update-ref", name, tip)
    talk.export()
    assert talk.refs() == newer
    assert talk.damage() == ["refs_behind"]
    talk.git("update-ref", "-d", "refs/hub/changes/1")
    talk.git("update-ref", "-d", "refs/hub/at")
    talk.export()
    assert talk.refs() == newer


def test_what_no_hub_signed_is_put_aside(talk: Talk) -> None:
    talk.export()
    before = talk.refs()
    tree = talk.git("write-tree").strip()
    foreign = talk.git("commit-tree", tree, "-p", before["refs/hub/changes/1"], "-m", "x").strip()
    talk.git("update-ref", "refs/hub/changes/1", foreign)
    talk.git("update-ref", "refs/hub/at", foreign)
    talk.say("One.")
    talk.export()
    refs = talk.refs()
    broken = [name for name in refs if name.startswith("refs/hub-broken/")]
    assert [refs[name] for name in broken] == [foreign]
    assert talk.git("log", "--format=%s", "refs/hub/changes/1").splitlines()[0] == "journal 3: comment"
    assert talk.damage() == ["foreign"]
