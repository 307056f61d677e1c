"""Journals that this hub wrote are sound in any clone, whenever it is taken."""

import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.access import Visibility
from hub.app import Hub
from hub.journal.keys.hub_key import load_hub_key
from hub.journal.people import person_of
from hub.journal.recording import find_topic
from hub.journal.refs.exporting import export, find_place
from hub.journal.refs.rebuilding import Target, fetched, rebuild
from hub.journal.replay import act
from hub.journal.rotating import rotate_key
from hub.journal.verifying.report import Code, Report
from hub.journal.verifying.signers import allowed_signers
from hub.journal.verifying.verification import Wanted, verify
from tests.factories import SYSTEM, make_user
from tests.journal_talk import Talk

CLONES = 12


def _mirror(path: Path, to: Path) -> Path:
    subprocess.run(("git", "clone", "-q", "--mirror", path.as_uri(), str(to)), check=True)
    return to


def _report(path: Path, to: Path, *accepted: str) -> Report:
    mirror = _mirror(path, to)
    quick = verify(mirror, Wanted(is_quick=True, accepted=frozenset(accepted))).report
    full = verify(mirror, Wanted(accepted=frozenset(accepted))).report
    assert [one.code for one in quick.faults] == [one.code for one in full.faults]
    return full


def test_a_journal_is_sound_after_each_export_and_change_of_the_key(talk: Talk, tmp_path: Path) -> None:
    talk.say("One.")
    talk.export()
    first = load_hub_key(talk.hub.config)
    rotate_key(talk.hub.database, export)
    talk.say("Two.")
    talk.export()
    report = _report(talk.path, tmp_path / "m.git")
    assert (report.faults, report.notes, report.keepers) == ([], [], [first.hub_id])
    later = Talk(talk.hub, "bo")
    later.export()
    signers = allowed_signers(verify(_mirror(later.path, tmp_path / "later.git")).ring)
    assert f"# withdrawn: {first.hub_id} {first.fingerprint}\n" in signers
    assert f'{first.hub_id} namespaces="hub-receipt@v1" {load_hub_key(talk.hub.config).public}\n' in signers


def test_a_hub_that_carries_a_journal_on_alone_is_named(talk: Talk, other_hub: Hub, tmp_path: Path) -> None:
    talk.export()
    with other_hub.database.writing() as session:
        owner_id = make_user(session, "carla").id
    with fetched(other_hub.config, str(_mirror(talk.path, tmp_path / "m.git"))) as (aside, heads):
        target = Target(owner_id, "again", Visibility.PRIVATE)
        made = rebuild(other_hub.database, SYSTEM, aside, heads, target)
    with other_hub.database.writing() as session:
        person = person_of(session, made.repository_id, owner_id)
        topic = find_topic(session, made.repository_id, talk.topic_id)
        assert topic is not None
        act(session, topic, kind="comment", person=person, d={"comments": [{"body": 0}]}, bodies=["On."])
    export(other_hub.database, made.repository_id)
    path = find_place(other_hub.database, made.repository_id)
    assert path is not None
    heir = load_hub_key(other_hub.config).hub_id
    assert [one.code for one in _report(path, tmp_path / "heir.git").faults] == [Code.NO_RIGHT]
    accepted = _report(path, tmp_path / "accepted.git", heir)
    assert (accepted.faults, accepted.keepers) == ([], [load_hub_key(talk.hub.config).hub_id, heir])


@contextmanager
def _busy(talk: Talk) -> Iterator[None]:
    """Somebody acts and exports all the time."""
    is_over = threading.Event()

    def go_on() -> None:
        for number in range(10_000):
            if is_over.is_set():
                return
            talk.say(f"Words {number}")
            talk.export()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(go_on)
        try:
            yield
        finally:
            is_over.set()
        done.result()


@pytest.mark.reads
def test_clones_that_are_taken_meanwhile_are_sound(talk: Talk, tmp_path: Path) -> None:
    talk.export()
    heads = set()
    with _busy(talk):
        for number in range(CLONES):
            report = verify(_mirror(talk.path, tmp_path / f"{number}.git")).report
            assert report.faults == []
            heads.add(report.head.seq)
    assert len(heads) > 3
