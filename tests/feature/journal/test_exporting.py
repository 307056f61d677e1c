"""What was said and decided stands in the repository's refs, and the same after any crash."""

import pytest
from sqlalchemy import select

from hub.errors import Unavailable
from hub.journal.models import JournalReceipt
from hub.journal.refs import export_sweeps, exporting
from tests.journal_talk import Talk


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


def test_a_topic_that_was_moved_below_the_head_is_found_by_the_thorough_look(talk: Talk) -> None:
    talk.export()
    talk.say("One.")
    talk.export()
    talk.say("Two.")
    talk.export()
    talk.git("update-ref", "refs/hub/repo", talk.refs()["refs/hub/changes/1"])
    before = talk.refs()
    assert export_sweeps.look_at_heads(talk.hub.database) == 0
    assert export_sweeps.look_everywhere(talk.hub.database) == 1
    assert talk.damage() == ["foreign"]
    assert talk.refs()["refs/hub/repo"] != before["refs/hub/repo"]
    assert export_sweeps.look_everywhere(talk.hub.database) == 0


# Only of SQLite is a whole database put back by writing one file.
@pytest.mark.reads
def test_an_older_database_learns_from_the_refs_before_anybody_acts(talk: Talk) -> None:
    talk.export()
    older = talk.keep_database()
    talk.say("One.")
    talk.export()
    before = talk.refs()
    talk.put_back(older)
    assert export_sweeps.look_at_heads(talk.hub.database) == 1
    assert talk.refs() == before
    assert talk.damage() == ["refs_ahead"]
    assert talk.words() == ["One."]
    assert export_sweeps.look_at_heads(talk.hub.database) == 0


def test_whoever_exports_takes_along_what_came_meanwhile(talk: Talk) -> None:
    def say_more(step: str) -> None:
        if step == exporting.MOVED and not said:
            said.append(step)
            talk.say("In the meantime.")
            with pytest.raises(Unavailable):
                exporting.export(talk.hub.database, talk.repository_id, wait_seconds=0)

    said: list[str] = []
    assert talk.export(stop=say_more) == 4
    assert said
